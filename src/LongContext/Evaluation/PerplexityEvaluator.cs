using LongContext.Evaluation.Metrics;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Training;
using static TorchSharp.torch;

namespace LongContext.Evaluation;

/// <summary>Perplexity of a model on packs.</summary>
/// <param name="model">The model; stays the caller's.</param>
public sealed partial class PerplexityEvaluator(CausalLanguageModel model)
{
    private readonly CausalLanguageModel model = model ?? throw new ArgumentNullException(nameof(model));

    /// <summary>Cross-entropy of every target token of a pack, in nats, in the pack's order.</summary>
    /// <param name="pack">The pack; its loss mask decides which tokens count, its weights do not matter.</param>
    /// <exception cref="ArgumentNullException"><paramref name="pack"/> is null.</exception>
    /// <exception cref="InvalidOperationException">A run trains the model on another thread, and this is not called in an evaluation of it: what is measured while training is <see cref="TrainerOptions.Evaluations"/>.</exception>
    public IReadOnlyList<float> TokenLosses(PackedBatch pack)
    {
        ArgumentNullException.ThrowIfNull(pack);
        using IDisposable? reading = model.BeginReading("evaluated");
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using PackedInputs inputs = PackedInputs.Create(pack, model.Device);
        return LossHead.Losses(model, model.ForwardInTiles(inputs), pack);
    }

    /// <summary>Adds up the losses of all target tokens of the packs.</summary>
    /// <param name="packs">The packs.</param>
    /// <param name="byteCount">Bytes of UTF-8 that the target tokens stand for, for perplexity per byte; 0 when it is not asked for.</param>
    /// <param name="cancellationToken">Checked before each pack.</param>
    /// <returns>Sums and perplexities, per token and per byte.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public PerplexityAccumulator Evaluate(IEnumerable<PackedBatch> packs, long byteCount = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(packs);
        var perplexity = new PerplexityAccumulator();
        foreach (PackedBatch pack in packs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (float loss in TokenLosses(pack)) perplexity.Add(loss, tokenCount: 1);
        }

        perplexity.Add(0, tokenCount: 0, byteCount);
        return perplexity;
    }

    /// <summary>
    /// Perplexity by context length: each window is one document that begins anew, window w covers the text from token w · stride,
    /// and the mean is over all predicted tokens of a length's windows.
    /// </summary>
    /// <param name="tokens">The text, without special tokens.</param>
    /// <param name="options">Lengths and windows.</param>
    /// <param name="byteCount">Bytes of UTF-8 that some tokens of the text stand for, for perplexity per byte; null when it is not asked for.</param>
    /// <param name="cancellationToken">Checked before each window.</param>
    /// <returns>One result for each length, in the order of <see cref="PerplexityByLengthOptions.Lengths"/>.</returns>
    /// <exception cref="ArgumentException">An option cannot be used, or the text is shorter than the longest window.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public IReadOnlyList<PerplexityAtLength> EvaluateByLength(
        ReadOnlyMemory<int> tokens, PerplexityByLengthOptions options, Func<ReadOnlyMemory<int>, long>? byteCount = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        int[] beginning = options.BeginningOfSentenceTokenId is { } id ? [id] : [];
        int longest = options.Lengths.Max() - beginning.Length, stride = options.Stride ?? options.Lengths.Max();
        if (tokens.Length < longest)
            throw new ArgumentException($"The text has {tokens.Length} tokens, but the longest window needs {longest}.", nameof(tokens));
        int windows = Math.Min(options.MaximumWindows, ((tokens.Length - longest) / stride) + 1);

        var results = new List<PerplexityAtLength>();
        foreach (int length in options.Lengths)
        {
            var sum = new PerplexityAccumulator();
            for (int w = 0; w < windows; w++)
            {
                ReadOnlyMemory<int> text = tokens.Slice(w * stride, length - beginning.Length);
                // The first token of a window is predicted only where a special token stands before it.
                long bytes = byteCount?.Invoke(beginning.Length > 0 ? text : text[1..]) ?? 0;
                sum.Add(Evaluate([PackedBatch.Create([new TokenSequence((int[])[.. beginning, .. text.Span])])], bytes, cancellationToken));
            }

            results.Add(new PerplexityAtLength(length, windows, sum));
        }

        return results;
    }
}
