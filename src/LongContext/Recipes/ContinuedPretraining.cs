using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Data;
using LongContext.Data.Examples;
using LongContext.Evaluation;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Tokenization;
using LongContext.Training;
using LongContext.Training.Evaluations;
using LongContext.Training.Optimizers;

namespace LongContext.Recipes;

/// <summary>
/// The recipe that extends a model: positions are interpolated, and the model goes on learning to predict text at the new length
/// (Chen et al. 2023, arXiv:2306.15595).
/// </summary>
public static class ContinuedPretraining
{
    /// <summary>Windows of held-out text that are measured.</summary>
    private const int HeldOutWindows = 8;

    /// <summary>
    /// The settings of position interpolation (§3.1): 1,000 steps, AdamW with β 0.9 and 0.95 and no weight decay, learning rate 2e-5 for 7 and 13
    /// billion parameters (1e-5 was taken for 33 and 65), reached in 20 steps from a tenth of it and held. (A step there was 64 packs of 8,192
    /// tokens: <see cref="TrainerOptions.GradientAccumulationSteps"/>.) Gradients are clipped to 1, as LongLoRA does.
    /// </summary>
    public static TrainerOptions DefaultTrainer { get; } = new()
    {
        Steps = 1000,
        LearningRate = 2e-5,
        Schedule = LearningRateSchedule.Constant(warmupSteps: 20) with { WarmupStartFactor = 0.1 },
        Optimizer = new AdamWOptions { Beta1 = 0.9, Beta2 = 0.95, WeightDecay = 0 },
        MaximumGradientNorm = 1,
    };

    /// <summary>
    /// LongLoRA's adapter (Chen et al. 2023, arXiv:2309.12307, and its fine-tune.py): rank 8 and α 16 on the attention's projections, and embeddings and norms trained
    /// beside it, without which low-rank adaptation does not learn a longer context (§3.3). The learning rate stays <see cref="DefaultTrainer"/>'s.
    /// Goes with quantised layers: embeddings and norms are never quantised. Families with fused projections (Phi-3) need other names.
    /// </summary>
    public static LoraOptions LongLoraAdapter { get; } = new()
    {
        Rank = 8,
        Alpha = 16,
        TargetModules = ["q_proj", "k_proj", "v_proj", "o_proj"],
        ModulesToSave = ["embed_tokens", "norm"],
        EnsureWeightTying = true,
    };

    /// <summary>Packs of one context; a document that is longer is split.</summary>
    /// <param name="contextLength">Tokens of a pack.</param>
    public static StreamingPackerOptions Packing(int contextLength) =>
        new() { ContextLength = contextLength, Overlength = OverlengthPolicy.Split, Order = PackOrder.Shuffled };

    /// <summary>
    /// Texts as training documents: each begins as the tokenizer begins a text (the beginning-of-sentence token of Llama, say) and ends with its
    /// end-of-sentence token, where it has one. A text longer than the context becomes several documents that all begin so.
    /// </summary>
    /// <param name="texts">The texts; empty ones are left out.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="contextLength">Most tokens of a document; at least 2.</param>
    /// <param name="joins">
    /// Whether the texts are joined, each with its end-of-sentence token, and cut into documents of the whole context, as LongLoRA's program does:
    /// for data of short texts, which by themselves teach nothing about distance. Default false: no document holds parts of two texts.
    /// </param>
    /// <returns>The documents in the order of the texts, all in memory; <see cref="DataSource.FromList"/> makes a source of them.</returns>
    /// <exception cref="ArgumentException">There is no text that has a token.</exception>
    public static IReadOnlyList<TokenSequence> Sequences(IEnumerable<string> texts, HuggingFaceTokenizer tokenizer, int contextLength, bool joins = false)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 2);
        var documents = new List<TokenSequence>();
        var joined = new List<int>();
        var encoder = new ExampleEncoder(tokenizer);
        int? beginning = null;
        foreach (string text in texts)
        {
            (int[] tokens, beginning) = encoder.EncodeWhole(text);
            ReadOnlyMemory<int> body = tokens.AsMemory(beginning is null ? 0 : 1);
            if (body.IsEmpty) continue;
            if (joins) joined.AddRange(body.Span);
            else AddWindows(body);
        }

        if (joined.Count > 0) AddWindows(joined.ToArray());
        return documents.Count > 0 ? documents : throw new ArgumentException("There is no text with a token in it: the data set is empty.", nameof(texts));

        void AddWindows(ReadOnlyMemory<int> body)
        {
            if (body.Length + (beginning is null ? 0 : 1) >= 2) documents.AddRange(LongDocuments.Cut(body, contextLength, beginning));
        }
    }

    /// <summary>Puts the recipe together.</summary>
    /// <param name="config">The model's config; it is not changed.</param>
    /// <param name="source">The data, for example of <see cref="Sequences"/>; stays the caller's.</param>
    /// <param name="options">The context, and what is not to be as usual.</param>
    /// <exception cref="ArgumentException">Options cannot be used; the message lists all that cannot.</exception>
    public static TrainingRecipe Compose(ModelConfig config, IDataSource<TokenSequence> source, ContinuedPretrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        List<string> faults = [.. options.Faults()];
        PositionChange positions = PositionChange.For(config, options.ContextLength, options, faults);
        if (faults.Count > 0) throw new ArgumentException($"{nameof(ContinuedPretrainingOptions)}: {string.Join("; ", faults)}.", nameof(options));
        StreamingPackerOptions packing = options.Packing ?? Packing(options.ContextLength);
        TrainerOptions trainer = options.Trainer ?? DefaultTrainer;
        ITrainingEvaluation[] evaluations = options.HeldOutTokens.IsEmpty ? [] : Evaluations(config, options);
        return TrainingRecipe.Of("continued pretraining", source, options, positions, packing, trainer, evaluations);
    }

    /// <summary>Perplexity by length, and loss by position in windows of the whole context.</summary>
    private static ITrainingEvaluation[] Evaluations(ModelConfig config, ContinuedPretrainingOptions options)
    {
        int context = options.ContextLength;
        int? beginning = config.BeginningOfSentenceTokenId;
        var lengths = new PerplexityByLengthOptions
        {
            Lengths = options.HeldOutLengths ?? [.. Doubling(Math.Max(2, Math.Min(config.TrainedContextLength(), context) / 2), context)],
            Stride = beginning is null ? context : context - 1, // the same windows as those of loss by position
            MaximumWindows = HeldOutWindows,
            BeginningOfSentenceTokenId = beginning,
        };
        IEnumerable<TokenSequence> windows = LongDocuments.Cut(options.HeldOutTokens, context, beginning).Where(window => window.Length == context);
        return
        [
            new PerplexityByLengthEvaluation(options.HeldOutTokens, lengths),
            new LossByPositionEvaluation([.. windows.Take(HeldOutWindows).Select(window => PackedBatch.Create([window]))]),
        ];
    }

    private static IEnumerable<int> Doubling(int from, int to)
    {
        for (int length = from; length < to; length *= 2) yield return length;
        yield return to;
    }
}
