namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>Makes the items of one of RULER's tasks. Used by many threads at once.</summary>
internal abstract class RulerGenerator
{
    /// <summary>Tokens of an answer at most: the script's tokens_to_generate.</summary>
    public abstract int NewTokens { get; }

    /// <summary>Everything that decides the items.</summary>
    public abstract string Identity { get; }

    /// <summary>Whether any of the answers will do (string_match_part) or all are asked for (string_match_all).</summary>
    public virtual bool AnyAnswerCounts => false;

    /// <summary>How many items there are of a length at most.</summary>
    public virtual int MaximumItems => int.MaxValue;

    /// <summary>In which respects items are not of the script's kind.</summary>
    public virtual IEnumerable<string> Deviations => [];

    /// <summary>Makes an item.</summary>
    /// <param name="size">How long it is to be.</param>
    /// <param name="index">Its number among those of its length.</param>
    /// <exception cref="ArgumentException">It cannot be as short as that.</exception>
    public abstract RulerDraft Make(RulerSize size, int index);

    /// <summary>The number that, with the seed, decides an item of a length.</summary>
    protected static long Number(RulerSize size, int index) => ((long)size.Length << 24) + index;
}
