"""What the files of a model say of it when its card is silent: library, frameworks, task.

Pure functions of file names and small JSON files. What the Hub concludes is written down in
`packages/tasks` of huggingface.js and in the tags that it serves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Json = Mapping[str, Any]

CONFIG: Final = "config.json"
TOKENIZER: Final = "tokenizer_config.json"
ADAPTER: Final = "adapter_config.json"
PIPELINE: Final = "model_index.json"
READ: Final = (CONFIG, TOKENIZER, ADAPTER, PIPELINE)

_CONFIG_KEYS: Final = ("architectures", "model_type", "quantization_config", "auto_map")
_TOKENIZER_KEYS: Final = (
    "bos_token", "eos_token", "pad_token", "unk_token", "mask_token", "cls_token", "sep_token",
    "chat_template",
)  # fmt: skip

# A file that only one library writes; the first that is there decides.
_LIBRARY_FILES: Final = (
    ("config_sentence_transformers.json", "sentence-transformers"),
    ("modules.json", "sentence-transformers"),
    (ADAPTER, "peft"),
    (PIPELINE, "diffusers"),
    ("config_setfit.json", "setfit"),
    ("hyperparams.yaml", "speechbrain"),
    ("sklearn_model.joblib", "sklearn"),
    ("skops-model.pkl", "sklearn"),
    ("saved_model.pb", "keras"),
    ("keras_metadata.pb", "keras"),
)

# How files of a framework are recognised, in the order in which the Hub shows their tags.
_FRAMEWORKS: Final = (
    ("pytorch", ("pytorch_model", "training_args.bin"), (".bin", ".pt", ".pth", ".ckpt")),
    ("tf", ("tf_model.h5",), ()),
    ("jax", ("flax_model.msgpack",), ()),
    ("rust", ("rust_model.ot",), ()),
    ("coreml", (), (".mlmodel", ".mlpackage")),
    ("onnx", (), (".onnx",)),
    ("tflite", (), (".tflite",)),
    ("safetensors", (), (".safetensors",)),
    ("gguf", (), (".gguf",)),
    ("openvino", ("openvino_model.bin", "openvino_model.xml"), ()),
    ("tensorboard", ("events.out.tfevents",), ()),
)

# The end of an architecture's name → the class that loads it and what it is for
# (transformers/models/auto/modeling_auto.py).
_HEADS: Final = (
    ("ForCausalLM", "AutoModelForCausalLM", "text-generation"),
    ("LMHeadModel", "AutoModelForCausalLM", "text-generation"),
    ("ForMaskedLM", "AutoModelForMaskedLM", "fill-mask"),
    ("ForSequenceClassification", "AutoModelForSequenceClassification", "text-classification"),
    ("ForTokenClassification", "AutoModelForTokenClassification", "token-classification"),
    ("ForQuestionAnswering", "AutoModelForQuestionAnswering", "question-answering"),
    ("ForMultipleChoice", "AutoModelForMultipleChoice", "multiple-choice"),
    ("ForImageTextToText", "AutoModelForImageTextToText", "image-text-to-text"),
    ("ForVision2Seq", "AutoModelForVision2Seq", "image-text-to-text"),
    ("ForSpeechSeq2Seq", "AutoModelForSpeechSeq2Seq", "automatic-speech-recognition"),
    ("ForCTC", "AutoModelForCTC", "automatic-speech-recognition"),
    ("ForAudioClassification", "AutoModelForAudioClassification", "audio-classification"),
    ("ForImageClassification", "AutoModelForImageClassification", "image-classification"),
    ("ForObjectDetection", "AutoModelForObjectDetection", "object-detection"),
    ("ForSemanticSegmentation", "AutoModelForSemanticSegmentation", "image-segmentation"),
    ("ForDepthEstimation", "AutoModelForDepthEstimation", "depth-estimation"),
    ("ForSeq2SeqLM", "AutoModelForSeq2SeqLM", "text2text-generation"),
    ("ForPreTraining", "AutoModelForPreTraining", None),
    ("ForConditionalGeneration", "AutoModelForSeq2SeqLM", "text2text-generation"),
    ("Model", "AutoModel", "feature-extraction"),
)
_PROCESSORS: Final = (
    ("tokenizer_config.json", "AutoTokenizer"),
    ("tokenizer.json", "AutoTokenizer"),
    ("preprocessor_config.json", "AutoProcessor"),
)


@dataclass(frozen=True, slots=True)
class Model:
    """What the files say."""

    library: str | None = None
    frameworks: tuple[str, ...] = ()
    model_type: str | None = None
    config: dict[str, Any] | None = None  # what the Hub shows of the configuration
    transformers: dict[str, str] | None = None  # `transformersInfo`
    mask_token: str | None = None
    chats: bool = False
    own_code: bool = False
    quantized: bool = False
    files: Mapping[str, Json] = field(default_factory=dict)

    @property
    def task(self) -> str | None:
        return (self.transformers or {}).get("pipeline_tag")

    def relation(self, bases: int) -> str:
        """How it came from its base models, when the card does not say."""
        if bases > 1:
            return "merge"
        if ADAPTER in self.files:
            return "adapter"
        return "quantized" if self.quantized or "gguf" in self.frameworks else "finetune"


def model_of(names: Iterable[str], files: Mapping[str, Json], library: str | None) -> Model:
    """Conclude from the names of all files and the contents of those of `READ` that are there.

    Args:
        library: what the card says.
    """
    top = [name for name in names if "/" not in name]
    config = files.get(CONFIG, {})
    found = library or _library(top, config)
    tokenizer = files.get(TOKENIZER, {})
    model_type = config.get("model_type")
    return Model(
        library=found,
        frameworks=tuple(_frameworks(top)),
        model_type=model_type if isinstance(model_type, str) else None,
        config=_shown(files),
        transformers=_transformers(top, config),
        mask_token=_token(tokenizer.get("mask_token")),
        chats="chat_template" in tokenizer or "chat_template.jinja" in top,
        own_code="auto_map" in config,
        quantized="quantization_config" in config,
        files=files,
    )


def _library(names: list[str], config: Json) -> str | None:
    present = set(names)
    for name, library in _LIBRARY_FILES:
        if name in present:
            return library
    if isinstance(config.get("architectures"), list) or isinstance(config.get("model_type"), str):
        return "transformers"
    return "gguf" if any(name.endswith(".gguf") for name in names) else None


def _frameworks(names: list[str]) -> Iterator[str]:
    for framework, starts, ends in _FRAMEWORKS:
        starting = any(name.startswith(starts) for name in names if starts)
        if starting or any(name.endswith(ends) for name in names if ends):
            yield framework


def _shown(files: Mapping[str, Json]) -> dict[str, Any] | None:
    config = files.get(CONFIG, {})
    shown: dict[str, Any] = {key: config[key] for key in _CONFIG_KEYS if key in config}
    tokenizer = files.get(TOKENIZER, {})
    tokens = {key: tokenizer[key] for key in _TOKENIZER_KEYS if tokenizer.get(key) is not None}
    if tokens:
        shown["tokenizer_config"] = tokens
    adapter = files.get(ADAPTER, {})
    if adapter:
        keys = ("base_model_name_or_path", "task_type")
        shown["peft"] = {key: adapter[key] for key in keys if key in adapter}
    if "_class_name" in files.get(PIPELINE, {}):
        shown["diffusers"] = {"_class_name": files[PIPELINE]["_class_name"]}
    return shown or None


def _transformers(names: list[str], config: Json) -> dict[str, str] | None:
    """Which class loads the model, as `ModelInfo.transformers_info` knows it."""
    architectures = config.get("architectures")
    first = architectures[0] if isinstance(architectures, list) and architectures else None
    if not isinstance(first, str):
        return None
    for ending, loader, task in _HEADS:
        if first.endswith(ending):
            found = {"auto_model": loader}
            own = config.get("auto_map")
            if isinstance(own, dict) and isinstance(own.get(loader), str):
                found["custom_class"] = own[loader]
            if task is not None:
                found["pipeline_tag"] = task
            processor = next((one for name, one in _PROCESSORS if name in names), None)
            return found | ({"processor": processor} if processor else {})
    return None


def _token(value: object) -> str | None:
    """A special token, written as a text or as an object that holds it."""
    if isinstance(value, dict):
        value = value.get("content")
    return value if isinstance(value, str) else None
