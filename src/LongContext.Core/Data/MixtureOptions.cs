using LongContext.Data.Examples;
using LongContext.Packing;

namespace LongContext.Data;

/// <summary>How a mixture chooses.</summary>
/// <typeparam name="T">What its sources give.</typeparam>
public sealed record MixtureOptions<T>
    where T : class
{
    /// <summary>What the weights are shares of. Default: <see cref="MixtureShares.Tokens"/>.</summary>
    public MixtureShares Shares { get; init; } = MixtureShares.Tokens;

    /// <summary>What happens when a source comes to its end. Default: the mixture ends with the first source that ends.</summary>
    public MixtureEnd End { get; init; } = MixtureEnd.StopAtFirst;

    /// <summary>Decides the draws of <see cref="MixtureShares.Draws"/>. Default 0.</summary>
    public int Seed { get; init; }

    /// <summary>
    /// Tokens of an item, at least 0. Default: null, the length of a <see cref="TokenSequence"/>, and of a <see cref="TrainingExample"/>, whose tokens
    /// nobody has counted yet, the characters of its text. For other items it must be given where shares are of tokens, else no tokens are reported.
    /// </summary>
    public Func<T, long>? Size { get; init; }

    /// <summary>The function, the default filled in; null where there is none.</summary>
    internal Func<T, long>? EffectiveSize()
    {
        if (Size is not null) return Size;
        if (typeof(T) == typeof(TokenSequence)) return item => ((TokenSequence)(object)item).Length;
        return typeof(TrainingExample).IsAssignableFrom(typeof(T)) ? item => ((TrainingExample)(object)item).TextLength : null;
    }

    /// <summary>What cannot be used, a sentence each.</summary>
    internal IEnumerable<string> Faults()
    {
        if (!Enum.IsDefined(Shares)) yield return $"the shares are {Shares}, expected one of {string.Join(", ", Enum.GetNames<MixtureShares>())}";
        if (!Enum.IsDefined(End)) yield return $"the end is {End}, expected one of {string.Join(", ", Enum.GetNames<MixtureEnd>())}";
        if (Shares == MixtureShares.Tokens && EffectiveSize() is null) yield return $"the shares are of tokens, but how many an item of the type {typeof(T).Name} has is unknown; give {nameof(Size)}";
    }
}
