"""What is told without a model in memory."""

import pytest

from reelway.diffusion.order import Reason
from reelway.diffusion.pipelines import FAMILIES, CannotMake, family_of, reason_of


class OutOfMemoryError(RuntimeError):
    """As torch.OutOfMemoryError is called, which only a GPU raises."""


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"), Reason.MEMORY),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"), Reason.MEMORY),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."), Reason.MEMORY),
        (MemoryError(), Reason.MEMORY),
        (RuntimeError("CUDA error: device-side assert triggered"), Reason.BROKEN),
        (ImportError("no module named x"), Reason.BROKEN),
    ],
)
def test_no_memory_is_told_from_everything_else(error: Exception, reason: Reason) -> None:
    assert reason_of(error) is reason


def test_a_family_knows_both_its_classes_and_nothing_else_is_known() -> None:
    for family in FAMILIES:
        assert family_of(family.text) is family_of(family.image) is family
    for other in ("StableDiffusionPipeline", None, ["my.module", "Pipeline"]):
        with pytest.raises(CannotMake, match="we know WanPipeline") as caught:
            family_of(other)
        assert caught.value.reason is Reason.GONE
