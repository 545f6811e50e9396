using LongContext.Checkpoints;
using LongContext.Data;
using LongContext.Evaluation;
using LongContext.Models;
using LongContext.Packing;

namespace LongContext.Samples.Shared.Extension;

/// <summary>The text, split into what is tuned on and what is measured on, as tokens.</summary>
internal sealed class ExtensionData
{
    private readonly ExtensionOptions options;
    private readonly TokenText text;
    private readonly int[] trainingTokens;
    private readonly int[] heldOutTokens;
    private readonly int[] beginning;

    public ExtensionData(ExtensionOptions options)
    {
        this.options = options;
        ModelConfig config = ModelConfig.Load(options.Model);
        TrainedWindow = options.MeasureOnly ? config.MaxPositionEmbeddings : config.TrainedContextLength();
        if (options.ContextLength <= TrainedWindow && !options.MeasureOnly)
            throw new UsageException($"--context {options.ContextLength} is not beyond the model's own window of {TrainedWindow} tokens.");
        Factor = options.ContextLength / (double)TrainedWindow;
        beginning = config.BeginningOfSentenceTokenId is { } id ? [id] : [];
        text = new TokenText(options.Model, config);
        (string training, string heldOut, HeldOutDescription) = Split(TextDocuments.Read(options.Data).ToArray());
        trainingTokens = text.Encode(training);
        heldOutTokens = text.Encode(heldOut);
        HeldOutText = heldOut;
        if (Math.Min(heldOutTokens.Length, trainingTokens.Length) < options.ContextLength)
        {
            throw new UsageException($"{options.Data} is too short: {trainingTokens.Length} tokens to tune on and {heldOutTokens.Length} held out, "
                + $"but each needs at least --context {options.ContextLength}.");
        }

        Lengths = [.. Doubling(Math.Max(2, Math.Min(TrainedWindow, options.ContextLength) / 2), options.ContextLength)];
    }

    public int TrainedWindow { get; }

    public double Factor { get; }

    public string HeldOutDescription { get; }

    public IReadOnlyList<int> Lengths { get; }

    public string Description =>
        $"{options.Model}: window {TrainedWindow:N0} → {options.ContextLength:N0} tokens. {trainingTokens.Length:N0} tokens to tune on, {heldOutTokens.Length:N0} held out.";

    /// <summary>The text to measure on.</summary>
    public string HeldOutText { get; }

    /// <summary>The text to measure on, as tokens.</summary>
    public ReadOnlyMemory<int> HeldOutTokens => heldOutTokens;

    public PerplexityByLengthOptions MeasureOptions => new()
    {
        Lengths = Lengths,
        Stride = options.ContextLength,
        BeginningOfSentenceTokenId = beginning.Length > 0 ? beginning[0] : null,
    };

    /// <summary>Bytes of UTF-8 that tokens stand for.</summary>
    public long ByteCount(ReadOnlyMemory<int> tokens) => text.ByteCount(tokens.Span);

    /// <summary>Documents of the whole window, begun anywhere in the text: a border inside would teach nothing about distance.</summary>
    public PackedBatch TrainingPack(long index, int documents)
    {
        var random = new Random(unchecked((options.Seed * 1_000_003) + (int)index));
        int own = options.ContextLength - beginning.Length;
        var sequences = new TokenSequence[documents];
        for (int i = 0; i < documents; i++)
        {
            int start = random.Next(trainingTokens.Length - own + 1);
            sequences[i] = new TokenSequence((int[])[.. beginning, .. trainingTokens.AsSpan(start, own)]);
        }

        return PackedBatch.Create(sequences);
    }

    /// <summary>The last documents are held out; of a single text, its last tenth.</summary>
    private (string Training, string HeldOut, string Description) Split(string[] documents)
    {
        if (documents.Length == 1)
        {
            string only = documents[0];
            int cut = only.Length - (only.Length / 10);
            return (only[..cut], only[cut..], "the last tenth of the text");
        }

        int heldOut = options.HeldOutDocuments ?? Math.Max(1, documents.Length / 10);
        if (heldOut < 1 || heldOut >= documents.Length)
            throw new UsageException($"--held-out {heldOut} must be from 1 to {documents.Length - 1}: {options.Data} has {documents.Length} documents.");
        return (string.Join('\n', documents[..^heldOut]), string.Join('\n', documents[^heldOut..]), $"the last {heldOut} documents");
    }

    private static IEnumerable<int> Doubling(int from, int to)
    {
        for (int length = from; length < to; length *= 2) yield return length;
        yield return to;
    }
}
