using LongContext.Data;

namespace LongContext.Packing;

/// <summary>
/// Packs a stream of sequences without end: it looks ahead over a window, packs what it holds, hands out the packs that are well
/// filled and lets the rest wait for the next window. Nothing is lost, and at the end of the stream everything has been handed out.
/// </summary>
/// <remarks>
/// <para>Deterministic, and resumable after any pack with what it has read and not handed out in its state. With
/// <see cref="PackingAlgorithm.NextFit"/> and <see cref="PackOrder.AsPacked"/> packs are the stream in its order, whatever the window.</para>
/// <para>Memory: the tokens of one window, and its packs once more while each is in use.</para>
/// </remarks>
public sealed class StreamingPacker : IPackFeed
{
    private const string StateKind = "streaming-packer";

    private readonly IDataSource<TokenSequence> source;
    private readonly StreamingPackerOptions options;
    private List<WaitingDocument> waiting = [];
    private PackedDocument[][] packs = []; // of the window at hand; never changed, since states refer to it
    private int next;
    private bool ended;
    private long windows;
    private (long Packs, long Documents, long Tokens) given;
    private (long Sequences, long Split, long Truncated, long Skipped, long DroppedTokens) read;

    // Kept between packs of a window, so that a state costs next to nothing.
    private WaitingDocument[]? waitingThen;
    private StreamState? sourceThen;

    /// <summary>Makes a packer.</summary>
    /// <param name="source">The sequences; used by this packer alone from now on.</param>
    /// <param name="options">What to pack for.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public StreamingPacker(IDataSource<TokenSequence> source, StreamingPackerOptions options)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        this.source = source;
        this.options = options;
    }

    /// <inheritdoc/>
    public PackingReport Report => new()
    {
        Packs = given.Packs,
        Documents = given.Documents,
        Tokens = given.Tokens,
        Capacity = given.Packs * options.ContextLength,
        Sequences = read.Sequences,
        Split = read.Split,
        Truncated = read.Truncated,
        Skipped = read.Skipped,
        DroppedTokens = read.DroppedTokens,
    };

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A sequence is longer than the context and <see cref="StreamingPackerOptions.Overlength"/> refuses it. The next call goes on after it.</exception>
    public PackedBatch? Next(CancellationToken cancellationToken = default)
    {
        while (next == packs.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (ended && waiting.Count == 0) return null;
            Read(cancellationToken);
            (packs, waiting) = WindowPacking.Pack(waiting, options, ended, windows);
            (next, waitingThen) = (0, null);
            windows++;
        }

        PackedBatch batch = PackedBatch.Create(packs[next], options.LossWeighting);
        next++;
        given = (given.Packs + 1, given.Documents + batch.DocumentCount, given.Tokens + batch.TokenCount);
        return batch;
    }

    /// <inheritdoc/>
    public StreamState Capture() => new StreamState(StateKind)
        .SetSettings(options.Settings())
        .Set("source", sourceThen ??= source.Capture())
        .SetDocuments(packs, next, waitingThen ??= [.. waiting])
        .Set("ended", ended ? 1 : 0)
        .Set("windows", windows)
        .Set("packs-given", given.Packs)
        .Set("documents-given", given.Documents)
        .Set("tokens-given", given.Tokens)
        .Set("sequences", read.Sequences)
        .Set("split", read.Split)
        .Set("truncated", read.Truncated)
        .Set("skipped", read.Skipped)
        .Set("dropped-tokens", read.DroppedTokens);

    /// <inheritdoc/>
    public void Restore(StreamState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.RequireKind(StateKind);
        state.RequireSettings(options.Settings());
        // All of it is read before anything changes.
        var documents = state.GetDocuments(options.ContextLength);
        bool endedThen = state.GetNumber("ended", 0, 1) == 1;
        long windowsThen = state.GetNumber("windows", 0);
        (long, long, long) givenThen = (state.GetNumber("packs-given", 0), state.GetNumber("documents-given", 0), state.GetNumber("tokens-given", 0));
        (long, long, long, long, long) readThen = (state.GetNumber("sequences", 0), state.GetNumber("split", 0), state.GetNumber("truncated", 0),
            state.GetNumber("skipped", 0), state.GetNumber("dropped-tokens", 0));
        source.Restore(state.GetState("source"));
        (packs, waiting) = documents;
        (next, ended, windows, given, read) = (0, endedThen, windowsThen, givenThen, readThen);
        (waitingThen, sourceThen) = (null, null);
    }

    /// <summary>Reads until the window is full or the stream at its end. What was read stays where it is when the source throws.</summary>
    private void Read(CancellationToken cancellationToken)
    {
        long tokens = waiting.Sum(document => (long)document.Document.Sequence.Length);
        int most = options.EffectiveWindowTokens;
        List<PackedDocument> cut = [];
        bool any = false;
        while (!ended && (!any || (tokens < most && (waiting.Count < options.WindowDocuments || tokens < 2L * options.ContextLength))))
        {
            (waitingThen, sourceThen) = (null, null);
            TokenSequence? sequence = source.Next(cancellationToken);
            any = true;
            if (sequence is null)
            {
                ended = true;
                return;
            }

            Cut(sequence, cut);
            foreach (PackedDocument document in cut)
            {
                waiting.Add(new WaitingDocument(document, 0));
                tokens += document.Sequence.Length;
            }

            cut.Clear();
        }
    }

    private void Cut(TokenSequence sequence, List<PackedDocument> cut)
    {
        long number = read.Sequences++;
        if (sequence.Length > options.ContextLength)
        {
            switch (options.Overlength)
            {
                case OverlengthPolicy.Refuse:
                    throw new ArgumentException(OverlengthCutter.Refusal(number, sequence.Length, options.ContextLength));
                case OverlengthPolicy.Split:
                    read.Split++;
                    break;
                case OverlengthPolicy.Skip:
                    read.Skipped++;
                    read.DroppedTokens += sequence.Length;
                    break;
                default:
                    read.Truncated++;
                    read.DroppedTokens += sequence.Length - options.ContextLength;
                    break;
            }
        }

        OverlengthCutter.Append(cut, sequence, options.ContextLength, options.Overlength);
    }
}
