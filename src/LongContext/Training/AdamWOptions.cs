namespace LongContext.Training;

/// <summary>AdamW's constants (Loshchilov and Hutter 2019, algorithm 2; PyTorch's defaults except <see cref="Beta2"/>).</summary>
public sealed class AdamWOptions
{
    /// <summary>Decay of the mean of gradients. Default 0.9; in [0, 1).</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the mean of squared gradients. Default 0.95, as language models are trained; in [0, 1).</summary>
    public double Beta2 { get; init; } = 0.95;

    /// <summary>Added to the root of the mean of squares. Default 1e-8; positive.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay of parameters with more than one dimension; norms and biases never decay. Default 0.1; not negative.</summary>
    public double WeightDecay { get; init; } = 0.1;

    internal IEnumerable<string> Faults()
    {
        if (!(Beta1 is >= 0 and < 1)) yield return $"AdamW.Beta1 must be in [0, 1), but is {Beta1}";
        if (!(Beta2 is >= 0 and < 1)) yield return $"AdamW.Beta2 must be in [0, 1), but is {Beta2}";
        if (!(Epsilon > 0 && double.IsFinite(Epsilon))) yield return $"AdamW.Epsilon must be positive, but is {Epsilon}";
        if (!(WeightDecay >= 0 && double.IsFinite(WeightDecay))) yield return $"AdamW.WeightDecay must not be negative, but is {WeightDecay}";
    }
}
