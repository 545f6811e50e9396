namespace LongContext.Adapters;

/// <summary>What a new adapter's A and B are drawn from. With all but <see cref="Random"/> B is zero, so that the model is unchanged at first.</summary>
public enum LoraInitialization
{
    /// <summary>A uniform in ±1/√inputs (Kaiming with a = √5), PEFT's and the LoRA authors' code's default.</summary>
    KaimingUniform,

    /// <summary>A normal with deviation 1/rank.</summary>
    Gaussian,

    /// <summary>A and B both uniform, in ±1/√inputs and ±1/√rank: the model changes at once. PEFT's <c>init_lora_weights=False</c>, for tests.</summary>
    Random,
}
