"""How people come to belong to an organisation without an invitation."""
