"""The base language model: the fetched GGUF → a Hugging Face folder, fp32, ready to train.

    python language_model.py

Writes work/smollm2 (config, fp32 safetensors, tokenizer). Half a minute.
The GGUF is 4 bit: weights come out of it as it rounded them, and training starts from there.
"""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, pre_tokenizers
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from common import WORK
from fetch import BASE

SMOLLM2 = WORK / "smollm2"


def load_tokenizer(gguf: Path) -> Tokenizer:
    """The GGUF's tokenizer with what its conversion loses: digits are split one by one before byte-pair merging.

    As in the published tokenizer.json of SmolLM2 and llama.cpp's pre-tokenizer "smollm"; without it "a  1"
    becomes other ids than the model was trained with.
    """
    converted = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    tokenizer = converted.backend_tokenizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = None
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, out: Path, context_length: int) -> None:
    """tokenizer.json and a tokenizer_config.json that transformers and transformers.js both read."""
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": context_length,
        "bos_token": "<|im_start|>",
        "eos_token": "<|im_end|>",
        "unk_token": "<|endoftext|>",
        "pad_token": "<|im_end|>",
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
    }
    (out / "tokenizer_config.json").write_text(json.dumps(config, indent=1) + "\n")


def load_base(gguf: Path) -> LlamaForCausalLM:
    """A fresh fp32 model with the GGUF's dequantised weights; nothing in it remembers the quantisation."""
    loaded = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    settings = {key: value for key, value in loaded.config.to_dict().items() if key not in ("quantization_config", "_name_or_path", "_model_name_or_path")}
    settings["rms_norm_eps"] = 1e-5  # the GGUF holds it rounded to float32
    model = LlamaForCausalLM(LlamaConfig(**settings))
    model.load_state_dict(loaded.state_dict())
    model.tie_weights()
    return model.float().eval()


def main() -> None:
    gguf = BASE / "smollm2.gguf"
    model = load_base(gguf)
    model.save_pretrained(SMOLLM2)
    save_tokenizer(load_tokenizer(gguf), SMOLLM2, model.config.max_position_embeddings)
    # Read back, as everybody else will: a question answered in words says that the conversion holds.
    tokenizer = PreTrainedTokenizerFast.from_pretrained(SMOLLM2)
    model = LlamaForCausalLM.from_pretrained(SMOLLM2, dtype=torch.float32)
    prompt = "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n"
    ids = tokenizer(prompt, return_tensors="pt").input_ids
    with torch.no_grad():
        out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False, pad_token_id=2)
    print(tokenizer.decode(out[0, ids.shape[1] :]))


if __name__ == "__main__":
    main()
