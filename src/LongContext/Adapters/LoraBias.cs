namespace LongContext.Adapters;

/// <summary>Which of the base model's biases train with an adapter.</summary>
public enum LoraBias
{
    /// <summary>None.</summary>
    None,

    /// <summary>All that the model has.</summary>
    All,

    /// <summary>Those of the maps that the adapter is attached to.</summary>
    LoraOnly,
}
