"""Guards of learning from rewards. Each ends the trial with its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from fusion_core.errors import TrialError
from fusion_core.rewards import non_finite

# Within this distance of 0 or 1 a map copies a source.
AT_THE_END = 0.01
LARGEST_LOG_RATIO = 20.0


def refuse_non_finite_reward(terms: Mapping[str, Tensor], stems: Sequence[str], epoch: int) -> None:
    """Raise TrialError that names metric and pair; `terms` are (S, N), `stems` the names of the N pairs."""
    found = non_finite(terms)
    if found is not None:
        metric, image = found
        raise TrialError(
            f"the reward must be finite, but {metric} is not for the pair {stems[image]} at epoch {epoch}: take it out "
            "of reward.weights, or the pair out of the training set"
        )


def refuse_collapse(at_0: float, at_1: float, limit: float, epoch: int) -> None:
    """Raise TrialError if more than `limit` of the map lies at 0 or at 1."""
    for share, where, what in ((at_0, 0, "visible"), (at_1, 1, "infrared")):
        if share > limit:
            raise TrialError(
                f"the weight map must not collapse, but {share:.0%} of it is at {where} (a copy of the {what} image) "
                f"after epoch {epoch}: use reward.aggregate min, which a copy cannot win, or lower "
                "recipe.learning_rate; set recipe.collapse: 1 to disable this check"
            )


def refuse_explosion(largest: float, epoch: int) -> None:
    """Raise TrialError if a log-probability changed so much in one step that its ratio is meaningless."""
    if not largest <= LARGEST_LOG_RATIO:
        raise TrialError(
            f"log-probabilities must move by at most {LARGEST_LOG_RATIO:g} a step, but do by {largest:.3g} at epoch "
            f"{epoch}: lower recipe.learning_rate, raise recipe.sigma, or set recipe.target_kl"
        )


def refuse_terms_without_gradient(terms: Mapping[str, tuple[float, Tensor]]) -> None:
    """Raise TrialError for terms with a weight that no gradient flows from; `terms` are weight and value by name."""
    dead = [name for name, (weight, value) in terms.items() if weight and not value.requires_grad]
    if dead:
        raise TrialError(
            f"a loss term with a weight must reach what is trained, but no gradient flows from {', '.join(dead)}: set "
            "its weight to 0, or train more of the policy"
        )


def refuse_dead_actions(output: Callable[[Tensor], Tensor], action: Tensor, name: str, remedy: str) -> None:
    """Raise TrialError if a dimension of `action` (N, dims) has no effect on the images `output(action)`."""
    with torch.enable_grad():
        action = action.detach().requires_grad_()
        image = output(action)
        signs = torch.rand(image.shape, generator=torch.Generator().manual_seed(0)).sub_(0.5).sign_().to(image)
        (sensitivity,) = torch.autograd.grad((image * signs).sum(), action)
    dead = (sensitivity == 0).all(dim=0).nonzero().flatten().tolist()
    if dead:
        shown = ", ".join(map(str, dead[:8])) + (" ..." if len(dead) > 8 else "")
        raise TrialError(
            f"every action must move the output, but {len(dead)} of {action.shape[1]} ({shown}) of {name} do not: they "
            f"would add noise to the gradient and nothing else; {remedy}"
        )


def ends(weight_map: Tensor) -> Tensor:
    """Return the share of each map (N, 1, H, W) that lies at 0 and at 1: (2, N)."""
    return torch.stack(
        [(weight_map < AT_THE_END).float().mean((1, 2, 3)), (weight_map > 1 - AT_THE_END).float().mean((1, 2, 3))]
    )
