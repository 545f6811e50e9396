using LongContext.Generation.Grammars;
using LongContext.Generation.Running;
using LongContext.Generation.Sampling;
using LongContext.Positions;
using LongContext.Tokenization;

namespace LongContext.Generation.Scheduling;

/// <summary>A request on its way: its tokens, its pages, and how far it has come.</summary>
internal sealed class EngineSequence : CachedSequence
{
    /// <summary>Answers up to this are given their room at once.</summary>
    private const int RoomAtOnce = 1 << 16;

    private readonly EngineModel model;
    private readonly HashSet<int> stops;
    private readonly ITokenConstraint? grammar;
    private int[] tokens;
    private int count;

    public EngineSequence(EngineModel model, GenerationRequest request, PositionRemapping? remapping, IPageStore pages, TokenDistribution distribution, TimeProvider clock)
        : base(pages, Room(request))
    {
        this.model = model;
        ReadOnlySpan<int> prompt = request.Prompt.Span;
        Options = request.Options;
        (Priority, Remapping, Salt) = (request.Priority, remapping, request.CacheSalt);
        Guesses = Options.Speculation is { UsesPromptLookup: true } speculation ? new PromptLookup(speculation) : null;
        // What drops nothing is not there.
        Sinks = request.Dropping is AttentionSinks sinks && sinks.Window < (long)prompt.Length + Options.MaximumNewTokens ? sinks : null;
        Selection = request.Dropping is PromptSelection selection && selection.MaximumTokens < prompt.Length ? selection : null;
        Choice = Selection is null ? null : new PromptChoice(Selection, prompt.Length);
        tokens = new int[Room(request)];
        prompt.CopyTo(tokens);
        count = PromptLength = FrequencyBase = prompt.Length;

        stops = [.. Options.StopTokenIds ?? model.StopTokenIds];
        Alternatives = KeptAlternatives.Of(Options, prompt.Length, model.VocabularySize);
        PromptScores = Options.PromptLogProbabilities is { } alternatives ? new PromptScores(prompt, alternatives) : null;
        grammar = LateConstraint.Of(Options, stops);
        Sampler = new SequenceSampler(Options, model.VocabularySize, prompt, stops, distribution, grammar);
        Stream = new TokenStream(this, clock);
        SetShared();
    }

    public GenerationOptions Options { get; }

    public int Priority { get; }

    /// <summary>Number of the request, in the order in which they came.</summary>
    public long Arrival { get; set; }

    public PositionRemapping? Remapping { get; }

    public string? Salt { get; }

    public TokenStream Stream { get; }

    public SequenceSampler Sampler { get; }

    /// <summary>Likeliest tokens that are kept for it with their log-probabilities, at most.</summary>
    public long Alternatives { get; }

    /// <summary>How likely the prompt's tokens are, as far as it was read; null where nobody asks.</summary>
    public PromptScores? PromptScores { get; }

    /// <summary>Finds guesses; null where there shall be none.</summary>
    public PromptLookup? Guesses { get; }

    /// <summary>What the draft model has of it; null where it has nothing yet.</summary>
    public DraftSequence? Draft { get; set; }

    /// <summary>Tokens up to here are known to the draft model.</summary>
    public int DraftReads { get; set; }

    /// <inheritdoc />
    public override int[] Tokens => tokens;

    /// <inheritdoc />
    public override AttentionSinks? Sinks { get; }

    /// <inheritdoc />
    public override PromptSelection? Selection { get; }

    /// <summary>Whether the prompt is still to be computed and chosen from.</summary>
    public bool Selects => Selection is not null && Dropped == 0;

    /// <summary>Whether its next tokens are those of its prompt that choose.</summary>
    public bool Chooses => Selects && PromptLength - Cached <= Selection!.ObservedTokens;

    /// <summary>Whether its next token is due.</summary>
    public bool Decodes => Pending == 1 && !Selects;

    /// <summary>What each head keeps, as the step finds it; null for a sequence that keeps all.</summary>
    public PromptChoice? Choice { get; }

    /// <summary>Whether the step that is being made chooses.</summary>
    public bool StepSelects { get; set; }

    /// <inheritdoc />
    public override int ReuseEnd
    {
        get
        {
            int end = Selects ? Math.Min(Count - 1, PromptLength - Selection!.ObservedTokens) : Count - 1;
            return PromptScores is { IsComplete: false } scores ? Math.Min(end, scores.Rows) : end;
        }
    }

    public int PromptLength { get; }

    /// <summary>What was taken out of the prompt before; null for nothing.</summary>
    public TokenCut? PromptCut { get; init; }

    /// <inheritdoc />
    public override int Count => count;

    /// <summary>Tokens to compute before the next one can be chosen; 1 while an answer is made.</summary>
    public int Pending => Count - Cached;

    public int Made => Count - PromptLength;

    /// <summary>Tokens that were, or are, computed as one text, with the frequencies of its whole length; later ones each with their own.</summary>
    public int FrequencyBase { get; private set; }

    /// <summary>Guesses that are there for the next step already; -1 where they are still to be looked for.</summary>
    public int PreparedGuesses { get; set; } = -1;

    /// <summary>Tokens in the step that is being made, and the first row of its scores, -1 for none.</summary>
    public int StepTokens { get; set; }

    public int StepRow { get; set; }

    /// <summary>Rows of the step's scores that say how likely the prompt's tokens are, and the first of them.</summary>
    public int StepScores { get; set; }

    public int StepScoresRow { get; set; }

    /// <summary>Guesses among the step's tokens.</summary>
    public int StepGuesses { get; set; }

    /// <summary>How much computing that is.</summary>
    public double StepWork { get; set; }

    /// <summary>Whether it goes before all others, since it was overtaken too often.</summary>
    public bool IsFavoured { get; set; }

    /// <summary>Whether the draft model made them.</summary>
    public bool StepDrafted { get; set; }

    /// <summary>Whether it was computed at all before.</summary>
    public bool Began { get; set; }

    /// <summary>The stop token that ended it; null where none has.</summary>
    public GeneratedToken? StopToken { get; set; }

    public int ReusedTokens { get; set; }

    public int GuessedTokens { get; set; }

    public int AcceptedTokens { get; set; }

    /// <summary>Guesses of the draft model among them.</summary>
    public int DraftedTokens { get; set; }

    public int AcceptedDraftTokens { get; set; }

    /// <summary>Tokens that the next one does not see any more.</summary>
    public int DroppedTokens => Sinks is { } sinks ? (int)Math.Max(0, (long)Cached - sinks.Sinks - sinks.Window) : Dropped;

    public int Preemptions { get; set; }

    /// <summary>Whether it counts among those for whose sake a step goes on; guarded by the engine's lock.</summary>
    public bool HoldsStep { get; set; }

    /// <summary>Whether nothing but the end may follow.</summary>
    public bool MustEnd => grammar is { MustEnd: true };

    /// <summary>Whether a token ends the answer.</summary>
    public bool IsStop(int token) => stops.Contains(token);

    /// <summary>Below 0 where this one goes first.</summary>
    public int CompareTo(EngineSequence other)
    {
        if (IsFavoured != other.IsFavoured) return IsFavoured ? -1 : 1;
        return Priority != other.Priority ? other.Priority.CompareTo(Priority) : Arrival.CompareTo(other.Arrival);
    }

    /// <summary>How many of the next tokens have the same frequencies, so that one step can compute them.</summary>
    public int AtOneFrequency(int wanted)
    {
        if (!model.DependsOnLength) return wanted;
        if (Cached < FrequencyBase) return Math.Min(wanted, FrequencyBase - Cached);
        return (int)Math.Min(wanted, (long)model.LastOfClass(Cached + 1) - Cached);
    }

    /// <summary>The length that frequencies are computed for in a step of some tokens, as <see cref="AtOneFrequency"/> allows them.</summary>
    public int FrequencyLength(int count) => Cached < FrequencyBase && model.DependsOnLength ? FrequencyBase : Cached + count;

    /// <summary>Adds a token of the answer.</summary>
    /// <returns>Whether everything is to be computed anew, because from here on other frequencies hold.</returns>
    public bool Append(int token)
    {
        EnsureRoom(1);
        tokens[count++] = token;
        if (model.RecomputesPast is not { } window || FrequencyBase > window || Count <= window) return false;
        FrequencyBase = Count;
        SetShared();
        return true;
    }

    /// <summary>Guesses that a step may have of it, at most.</summary>
    public int MostGuesses => GuessesOf(Options);

    /// <summary>Guesses that can be checked in the next step, at most, so that no token is made for nothing and all have the same frequencies.</summary>
    public int GuessRoom(int most)
    {
        most = Math.Min(most, Options.MaximumNewTokens - Made - 1);
        return most < 1 ? 0 : AtOneFrequency(1 + most) - 1;
    }

    /// <summary>Puts guesses from earlier in the text behind it.</summary>
    /// <returns>How many.</returns>
    public int LookUp(int most)
    {
        if (Guesses is not { } lookup) return 0;
        most = GuessRoom(Math.Min(most, Options.Speculation!.MaximumTokens));
        if (most < 1) return 0;
        EnsureRoom(most);
        return lookup.Guess(tokens, count, most);
    }

    /// <summary>Room behind the tokens for some more.</summary>
    public void EnsureRoom(int more)
    {
        if (Count + more > tokens.Length) Array.Resize(ref tokens, Math.Max(Count + more, tokens.Length * 2));
    }

    private static int Room(GenerationRequest request) =>
        request.Prompt.Length + Math.Min(request.Options.MaximumNewTokens, RoomAtOnce) + GuessesOf(request.Options);

    private static int GuessesOf(GenerationOptions options) => options.Speculation is { } guesses ? Math.Max(guesses.MaximumTokens, guesses.MaximumDraftTokens) : 0;

    private void SetShared()
    {
        Shares = true;
        SharedEnd = Math.Max(FrequencyBase, model.LastOfClass(FrequencyBase));
        // Within the window nothing is dropped yet: keys and values are everybody's.
        if (Sinks is { } sinks) SharedEnd = Math.Min(SharedEnd, sinks.Window);
        Root = new PrefixRoot(Salt, Remapping, model.FrequencyClass(FrequencyBase));
    }
}
