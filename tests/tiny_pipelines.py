"""Saved diffusers pipelines with random weights: the real loading and running path, at a size for tests.

As a program it writes them: `python tests/tiny_pipelines.py FOLDER`. Apart, so that no test process imports torch.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from reelway.providers.diffusers import PACKAGES


@pytest.fixture(scope="session")
def pipelines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of saved pipelines: wan, with -ti2v, -vace, -i2v, -nan or -flat; ltx; cogvideox, with -i2v."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        why = f"{', '.join(missing)} not installed: pip install -e '.[diffusers]'"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    base = tmp_path_factory.getbasetemp()
    # The processes of a parallel run have folders of their own side by side; one of them writes.
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "tiny-pipelines"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "done"
        if not done.exists():
            environment = os.environ | {"OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
            subprocess.run([sys.executable, __file__, str(folder)], check=True, timeout=150, env=environment)
            done.touch()
    return folder


def _tokenizer() -> Any:
    """A token a letter."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = {"<pad>": 0, "</s>": 1, "<unk>": 2} | {chr(code): code - 29 for code in range(32, 127)}
    tokenizer = Tokenizer(models.WordLevel(letters, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=512
    )


def _words(kind: str) -> dict[str, Any]:
    """A text encoder and its tokenizer."""
    import transformers

    config = getattr(transformers, f"{kind}Config")(
        vocab_size=128, d_model=32, d_ff=64, d_kv=8, num_heads=4, num_layers=2, decoder_start_token_id=0
    )
    encoder = getattr(transformers, f"{kind}EncoderModel")(config).eval()
    return {"tokenizer": _tokenizer(), "text_encoder": encoder}


def _wan(*, channels_in: int = 16, image_dim: int | None = None, **vace: Any) -> dict[str, Any]:
    import diffusers

    transformer = diffusers.WanVACETransformer3DModel if vace else diffusers.WanTransformer3DModel
    return _words("UMT5") | {
        "vae": diffusers.AutoencoderKLWan(
            base_dim=8, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
        ),
        "transformer": transformer(
            patch_size=(1, 2, 2),
            num_attention_heads=2,
            attention_head_dim=12,
            in_channels=channels_in,
            out_channels=16,
            image_dim=image_dim,
            text_dim=32,
            freq_dim=32,
            ffn_dim=32,
            num_layers=2,
            cross_attn_norm=True,
            qk_norm="rms_norm_across_heads",
            rope_max_seq_len=32,
            **vace,
        ),
        "scheduler": diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
    }


def _sight() -> dict[str, Any]:
    """An image encoder, as Wan 2.1 has one, of vectors of 4 numbers."""
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModel

    config = CLIPVisionConfig(
        hidden_size=4,
        projection_dim=4,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=32,
        intermediate_size=16,
        patch_size=16,
    )
    size = {"height": 32, "width": 32}
    return {
        "image_encoder": CLIPVisionModel(config).eval(),
        "image_processor": CLIPImageProcessor(size=size, crop_size=size),
    }


def _ltx() -> dict[str, Any]:
    import diffusers

    return _words("T5") | {
        "vae": diffusers.AutoencoderKLLTXVideo(
            latent_channels=8,
            block_out_channels=(8, 8, 8, 8),
            decoder_block_out_channels=(8, 8, 8, 8),
            layers_per_block=(1, 1, 1, 1, 1),
            decoder_layers_per_block=(1, 1, 1, 1, 1),
            spatio_temporal_scaling=(True, True, True, False),
            decoder_spatio_temporal_scaling=(True, True, True, False),
            decoder_inject_noise=(False,) * 5,
            upsample_residual=(False,) * 4,
            upsample_factor=(1,) * 4,
            timestep_conditioning=False,
            patch_size=4,
            patch_size_t=1,
            encoder_causal=True,
            decoder_causal=False,
        ),
        "transformer": diffusers.LTXVideoTransformer3DModel(
            in_channels=8,
            out_channels=8,
            num_attention_heads=4,
            attention_head_dim=8,
            cross_attention_dim=32,
            num_layers=1,
            caption_channels=32,
        ),
        "scheduler": diffusers.FlowMatchEulerDiscreteScheduler(),
    }


def _cogvideox(*, channels_in: int = 4) -> dict[str, Any]:
    import diffusers

    return _words("T5") | {
        "vae": diffusers.AutoencoderKLCogVideoX(
            down_block_types=("CogVideoXDownBlock3D",) * 4,
            up_block_types=("CogVideoXUpBlock3D",) * 4,
            block_out_channels=(8, 8, 8, 8),
            latent_channels=4,
            layers_per_block=1,
            norm_num_groups=2,
            temporal_compression_ratio=4,
        ),
        "transformer": diffusers.CogVideoXTransformer3DModel(
            num_attention_heads=2,
            attention_head_dim=16,
            in_channels=channels_in,
            out_channels=4,
            time_embed_dim=2,
            text_embed_dim=32,
            num_layers=1,
            sample_width=8,
            sample_height=8,
            sample_frames=9,
            max_text_seq_length=64,
            use_rotary_positional_embeddings=True,
        ),
        "scheduler": diffusers.CogVideoXDDIMScheduler(),
    }


def _as_published(tokenizer: Path, index: Path) -> None:
    """Put another tokenizer there, in the way that LTX-Video and CogVideoX come: a sentencepiece model and no more."""
    import sentencepiece

    shutil.rmtree(tokenizer)
    tokenizer.mkdir()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["a red kite over the sea", "the quick brown fox jumps over the lazy dog"] * 20),
        model_prefix=str(tokenizer / "spiece"),
        vocab_size=48,
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    (tokenizer / "spiece.vocab").unlink()
    config = {"tokenizer_class": "T5Tokenizer", "model_max_length": 128, "extra_ids": 0}
    (tokenizer / "tokenizer_config.json").write_text(json.dumps(config))
    index.write_text(
        json.dumps(json.loads(index.read_text()) | {"tokenizer": ["transformers", "T5Tokenizer"]}, indent=2)
    )


def main(folder: Path) -> None:
    """Write them all."""
    import diffusers
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)

    def save(name: str, pipeline: Any) -> None:
        pipeline.save_pretrained(folder / name)

    wan = diffusers.WanPipeline(**_wan())
    save("wan", wan)
    save("wan-ti2v", diffusers.WanPipeline(**_wan(), expand_timesteps=True))
    # Frames, mask and the first frame side by side.
    vace = diffusers.WanVACEPipeline(**_wan(vace_layers=[0]))
    with torch.no_grad():  # so that one sees what it follows
        vace.transformer.vace_blocks[0].proj_out.weight.mul_(12)
    save("wan-vace", vace)
    save("wan-i2v", diffusers.WanImageToVideoPipeline(**_wan(channels_in=36, image_dim=4), **_sight()))
    save("ltx", diffusers.LTXPipeline(**_ltx()))
    _as_published(folder / "ltx" / "tokenizer", folder / "ltx" / "model_index.json")
    save("cogvideox", diffusers.CogVideoXPipeline(**_cogvideox()))
    save("cogvideox-i2v", diffusers.CogVideoXImageToVideoPipeline(**_cogvideox(channels_in=8)))
    with torch.no_grad():
        for parameter in wan.vae.decoder.conv_out.parameters():
            parameter.zero_()
        save("wan-flat", wan)
        for parameter in wan.vae.decoder.conv_out.parameters():
            parameter.fill_(torch.nan)
        save("wan-nan", wan)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
