namespace LongContext.Training.Optimizers;

/// <summary>The numbers of one AdamW update in float32, each computed in double first.</summary>
internal readonly record struct AdamWFactors
{
    /// <param name="options">The constants.</param>
    /// <param name="update">The update's number t, from 1.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="weightDecay">The decay.</param>
    public AdamWFactors(AdamW8BitOptions options, long update, double rate, double weightDecay)
    {
        Beta1 = (float)options.Beta1;
        OneMinusBeta1 = (float)(1 - options.Beta1);
        Beta2 = (float)options.Beta2;
        OneMinusBeta2 = (float)(1 - options.Beta2);
        Epsilon = (float)options.Epsilon;
        StepSize = (float)(rate / (1 - Math.Pow(options.Beta1, update)));
        RootOfCorrection2 = (float)Math.Sqrt(1 - Math.Pow(options.Beta2, update));
        Decay = (float)(rate * weightDecay);
    }

    public float Beta1 { get; }

    public float OneMinusBeta1 { get; }

    public float Beta2 { get; }

    public float OneMinusBeta2 { get; }

    public float Epsilon { get; }

    /// <summary>rate / (1 − β1ᵗ).</summary>
    public float StepSize { get; }

    /// <summary>√(1 − β2ᵗ).</summary>
    public float RootOfCorrection2 { get; }

    /// <summary>rate · decay.</summary>
    public float Decay { get; }
}
