"""Faults of hyperparameters: another value, or none."""

from .spoiled import Expected, Spoiled


def changed(key: str, cause: str, place: str, change):
    def fault(model: Spoiled) -> Expected | None:
        value = model.number(key)
        if value is None or change(value) == value:
            return None
        model.set(key, change(value))
        # A window wider than the run shows in no logit, and of T5's two keys for epsilon one is read: only the numbers tell.
        is_silent = "window" in key and value > 40 or key.endswith("norm_epsilon") and model.number("attention.layer_norm_rms_epsilon")
        # Without a cause that could be proven, a clear refusal will do.
        return Expected(() if is_silent or not cause else (cause,), place, is_proven=bool(cause))
    return fault


def root_mean_square_epsilon(model: Spoiled) -> Expected | None:
    """Not where norms have biases, as Nemotron's: they read the other key, though the file has both."""
    if "output_norm.bias" in model.tensors:
        return None
    return changed("attention.layer_norm_rms_epsilon", "norm_epsilon", "norm epsilon", lambda value: 1e-5 if value < 5e-6 else 1e-6)(model)


def removed(key: str, cause: str, place: str, default=None):
    def fault(model: Spoiled) -> Expected | None:
        if not any(name.startswith(f"{model.architecture}.{key}") for name in model.fields) or model.number(key) == default and default is not None:
            return None
        model.meta("rm", *(name for name in model.fields if name.startswith(f"{model.architecture}.{key}")))
        return Expected((cause,), place)
    return fault


def scaling_dropped(model: Spoiled) -> Expected | None:
    """Command R states that there is none, and Phi-3 a context although there is none: those may go."""
    if model.number("rope.scaling.type", "none") == "none":
        return None
    return removed("rope.scaling.", "rotary_scaling", "rotary scaling")(model)


def another_head_count(model: Spoiled) -> Expected | None:
    heads, groups = model.heads
    if heads == groups or groups == 1:
        return None
    model.set("attention.head_count_kv", heads)
    return Expected((), "", is_proven=False)


HYPERPARAMETERS = {
    "rope base": changed("rope.freq_base", "rotary_base", ".*rotary base", lambda value: value * 5),
    "local rope base": changed("rope.freq_base_swa", "rotary_base", ".*rotary base", lambda value: value * 5),
    "rope base of the original LLaMA": changed("rope.freq_base", "rotary_base", ".*rotary base", lambda value: 10000.0),
    "rope scaling factor": changed("rope.scaling.factor", "rotary_scaling", "rotary scaling", lambda value: value * 2),
    "rope scaling dropped": scaling_dropped,
    "rope dimension": changed("rope.dimension_count", "", "", lambda value: value // 2),
    "RMS eps": root_mean_square_epsilon,
    "eps": changed("attention.layer_norm_epsilon", "norm_epsilon", "norm epsilon", lambda value: 1e-5 if value < 5e-6 else 1e-6),
    "window": changed("attention.sliding_window", "hyperparameters", "sliding window", lambda value: value + 3),
    "soft-cap of scores": changed("attn_logit_softcapping", "hyperparameters", "attention softcap", lambda value: value / 2),
    "soft-cap of logits": changed("final_logit_softcapping", "hyperparameters", "logit softcap", lambda value: value / 2),
    "soft-cap of logits dropped": removed("final_logit_softcapping", "hyperparameters", "logit softcap", default=30),
    "embedding scale": changed("embedding_scale", "hyperparameters", "embedding scale", lambda value: value * 2),
    "residual scale": changed("residual_scale", "hyperparameters", "residual scale", lambda value: value * 2),
    "attention scale": changed("attention.scale", "hyperparameters", "attention scale", lambda value: value * 2),
    "logit scale": changed("logit_scale", "hyperparameters", "logit (scale|divisor)", lambda value: value * 2),
    "experts used": changed("expert_used_count", "hyperparameters", "experts? used|hyperparameters", lambda value: value - 1 or 2),
    "expert scale": changed("expert_weights_scale", "hyperparameters", "expert.*|hyperparameters", lambda value: value + 0.5),
    "head count": another_head_count,
}
