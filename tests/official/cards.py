"""The sample cards that the suite's card tests read, written by us: the distribution has none."""

from typing import Final

_SIMPLE: Final = """\
---
language:
- en
license: mit
library_name: pytorch-lightning
tags:
- pytorch
- image-classification
datasets:
- beans
metrics:
- acc
---

# my-cool-model

It tells healthy bean leaves from sick ones.
"""

_MODEL_INDEX: Final = """\
---
language: en
license: mit
model-index:
- name: bean-leaves
  results:
  - task:
      type: image-classification
    dataset:
      name: Beans
      type: beans
    metrics:
    - type: acc
      value: 0.9
  - task:
      type: image-classification
    dataset:
      name: Beans, photographed at night
      type: beans-at-night
    metrics:
    - type: acc
      value: 0.7
---

# bean-leaves
"""

_TEMPLATE: Final = """\
---
{{ card_data }}
---

# {{ model_name | default("A model", true) }}

{{ some_data }}"""

CARDS: Final = {
    "sample_simple.md": _SIMPLE,
    "sample_windows_line_breaks.md": _SIMPLE.replace("\n", "\r\n"),
    "sample_no_metadata.md": "# A card\n\nIt has no front matter.\n",
    "sample_invalid_card_data.md": "---\n- a list\n- is no mapping\n---\n\n# A card\n",
    "sample_simple_model_index.md": _MODEL_INDEX,
    "sample_invalid_model_index.md": (
        "---\nlicense: mit\nmodel-index:\n- name: no-results\n---\n\n# no-results\n"
    ),
    "sample_template.md": _TEMPLATE,
    "sample_datasetcard_template.md": _TEMPLATE.replace("model_name", "pretty_name"),
    "sample_datasetcard_simple.md": """\
---
annotations_creators:
- crowdsourced
- expert-generated
language_creators:
- found
language:
- en
license:
- bsd-3-clause
multilinguality:
- monolingual
size_categories:
- n<1K
task_categories:
- image-segmentation
task_ids:
- semantic-segmentation
pretty_name: Sample Segmentation
---

# Dataset Card for Sample Segmentation

Pictures and their outlines.
""",
}
