using LongContext.Generation.Running;

namespace LongContext.Generation.Scheduling;

/// <summary>What a draft model has of a sequence: keys and values of its own, the same tokens.</summary>
internal sealed class DraftSequence : CachedSequence
{
    private const int FirstWait = 16;

    private readonly EngineSequence sequence;
    private readonly SpeculationOptions options;

    public DraftSequence(EngineSequence sequence, IPageStore pages)
        : base(pages, sequence.Tokens.Length)
    {
        this.sequence = sequence;
        options = sequence.Options.Speculation!;
        Length = options.MaximumDraftTokens;
        // What frequencies a draft has does not matter for what is right, only for how often it guesses right.
        (Shares, SharedEnd, Root) = (true, int.MaxValue, new PrefixRoot(sequence.Salt, null, 0));
    }

    /// <inheritdoc />
    public override int[] Tokens => sequence.Tokens;

    /// <inheritdoc />
    public override int Count => sequence.Count;

    /// <summary>Guesses to be made, at most.</summary>
    public int Most => options.MaximumDraftTokens;

    /// <summary>Guesses to be made next time.</summary>
    public int Length { get; private set; }

    /// <summary>Guesses made for the step that is being planned, and how many are wanted.</summary>
    public int Guessed { get; set; }

    public int Wanted { get; set; }

    /// <summary>Whether it has memory, or had some in the last step.</summary>
    public bool Began { get; set; }

    /// <summary>Tokens of the text before which it is not begun again: its memory was given to others.</summary>
    public int WaitsUntil { get; private set; }

    private int Refusals { get; set; }

    /// <summary>Notes that memory ran out under it. Each time it waits twice as long before all of it is computed again.</summary>
    public void RanOut()
    {
        Began = false;
        WaitsUntil = Count + (FirstWait << Math.Min(Refusals++, 16));
    }

    /// <summary>First row of scores in the draft's step; -1 for none.</summary>
    public int Row { get; set; }

    /// <summary>The probabilities that each guess was drawn with, in memory that other sequences have for the next step; none at temperature 0.</summary>
    public List<float[]> Drawn { get; } = [];

    /// <summary>Learns how many guesses were right: two more next time where all were, else one fewer.</summary>
    public void Note(int guessed, int accepted)
    {
        if (options.AdaptsDraftLength) Length = accepted == guessed ? Math.Min(options.MaximumDraftTokens, Length + 2) : Math.Max(1, Length - 1);
    }
}
