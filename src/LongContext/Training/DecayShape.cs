namespace LongContext.Training;

/// <summary>How a schedule's decay runs from 1 to 0, over a progress p from 0 to 1.</summary>
public enum DecayShape
{
    /// <summary>1 − p.</summary>
    Linear,

    /// <summary>(1 + cos(π · p)) / 2.</summary>
    Cosine,

    /// <summary>1 − √p: falls fast at first (Hägele et al. 2024, arXiv:2405.18392).</summary>
    OneMinusSquareRoot,
}
