using LongContext.Generation.Grammars;
using LongContext.Generation.Running;
using LongContext.Generation.Sampling;
using LongContext.Positions;

namespace LongContext.Generation.Scheduling;

/// <summary>A request on its way: its tokens, its pages, and how far it has come.</summary>
internal sealed class EngineSequence
{
    /// <summary>Answers up to this are given their room at once.</summary>
    private const int RoomAtOnce = 1 << 16;

    private readonly EngineModel model;
    private readonly HashSet<int> stops;
    private readonly GrammarConstraint? grammar;
    private int[] tokens;

    public EngineSequence(EngineModel model, GenerationRequest request, PositionRemapping? remapping, IPageStore pages, TokenDistribution distribution, TimeProvider clock)
    {
        this.model = model;
        ReadOnlySpan<int> prompt = request.Prompt.Span;
        Options = request.Options;
        (Priority, Remapping, Salt) = (request.Priority, remapping, request.CacheSalt);
        Guesses = Options.Speculation is { } speculation ? new PromptLookup(speculation) : null;
        int room = prompt.Length + Math.Min(Options.MaximumNewTokens, RoomAtOnce) + (Options.Speculation?.MaximumTokens ?? 0);
        tokens = new int[room];
        prompt.CopyTo(tokens);
        Count = PromptLength = FrequencyBase = prompt.Length;
        Pages = new SequencePages(pages.Groups.Count);
        for (int group = 0; group < Pages.GroupCount; group++)
        {
            // Room for all of them now, so that none is made later.
            for (int i = 0; i <= room / pages.PageTokens; i++) Pages.Add(group, -1);
            Pages.Truncate(group, 0);
        }

        stops = [.. Options.StopTokenIds ?? model.StopTokenIds];
        grammar = Options.Grammar is { } whole ? new GrammarConstraint(whole, stops) : null;
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

    /// <summary>Finds guesses; null where there shall be none.</summary>
    public PromptLookup? Guesses { get; }

    public SequencePages Pages { get; }

    /// <summary>Prompt and answer so far; behind <see cref="Count"/> lie guesses.</summary>
    public int[] Tokens => tokens;

    public int PromptLength { get; }

    /// <summary>Tokens of prompt and answer.</summary>
    public int Count { get; private set; }

    /// <summary>Those of them whose keys and values are in the pages.</summary>
    public int Cached { get; set; }

    /// <summary>Tokens to compute before the next one can be chosen; 1 while an answer is made.</summary>
    public int Pending => Count - Cached;

    public int Made => Count - PromptLength;

    /// <summary>Tokens that were, or are, computed as one text, with the frequencies of its whole length; later ones each with their own.</summary>
    public int FrequencyBase { get; private set; }

    /// <summary>Whether its pages may be found by others, and it may use theirs.</summary>
    public bool Shares { get; set; }

    /// <summary>Tokens from the beginning that all have the same frequencies.</summary>
    public int SharedEnd { get; private set; }

    public PrefixRoot Root { get; private set; }

    /// <summary>The last block of its tokens that is known to all; null for none.</summary>
    public CacheNode? Node { get; set; }

    /// <summary>Blocks up to there.</summary>
    public int Blocks { get; set; }

    /// <summary>Tokens in the step that is being made, and the first row of its scores, -1 for none.</summary>
    public int StepTokens { get; set; }

    public int StepRow { get; set; }

    /// <summary>Guesses among the step's tokens.</summary>
    public int StepGuesses { get; set; }

    /// <summary>How much computing that is.</summary>
    public double StepWork { get; set; }

    /// <summary>Whether it goes before all others, since it was overtaken too often.</summary>
    public bool IsFavoured { get; set; }

    /// <summary>Whether it was computed at all before.</summary>
    public bool Began { get; set; }

    public int ReusedTokens { get; set; }

    public int GuessedTokens { get; set; }

    public int AcceptedTokens { get; set; }

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
        tokens[Count++] = token;
        if (model.RecomputesPast is not { } window || FrequencyBase > window || Count <= window) return false;
        FrequencyBase = Count;
        SetShared();
        return true;
    }

    /// <summary>Room behind the tokens for some more.</summary>
    public void EnsureRoom(int more)
    {
        if (Count + more > tokens.Length) Array.Resize(ref tokens, Math.Max(Count + more, tokens.Length * 2));
    }

    private void SetShared()
    {
        Shares = true;
        SharedEnd = Math.Max(FrequencyBase, model.LastOfClass(FrequencyBase));
        Root = new PrefixRoot(Salt, Remapping, model.FrequencyClass(FrequencyBase));
    }
}
