using LongContext.Adapters;
using LongContext.Chat;
using LongContext.Checkpoints;
using LongContext.Data;
using LongContext.Data.Examples;
using LongContext.Packing;
using LongContext.Tokenization;
using LongContext.Training;
using LongContext.Training.Evaluations;
using LongContext.Training.Optimizers;

namespace LongContext.Recipes;

/// <summary>
/// The recipe that teaches a model to answer: conversations in the model's chat format, of which the answers alone count in the loss, and
/// every conversation has the same say however long its answers are (Bai et al. 2024, LongAlign, arXiv:2401.18058).
/// </summary>
public static class InstructionTuning
{
    /// <summary>
    /// LongAlign's settings for 7 billion parameters (its llama_pack.sh): learning rate 2e-5 with a warm-up over 3 % of the run, then a cosine to 0;
    /// AdamW with β 0.9 and 0.95 and no weight decay; 8 packs a step, on as many GPUs there. The schedule needs
    /// <see cref="TrainerOptions.Steps"/>, which <see cref="TrainingRecipe.CountSteps"/> finds.
    /// </summary>
    public static TrainerOptions DefaultTrainer { get; } = new()
    {
        LearningRate = 2e-5,
        GradientAccumulationSteps = 8,
        Schedule = LearningRateSchedule.Cosine() with { WarmupRatio = 0.03 },
        Optimizer = new AdamWOptions { Beta1 = 0.9, Beta2 = 0.95, WeightDecay = 0 },
        MaximumGradientNorm = 1,
    };

    /// <summary>
    /// The same with the learning rate that QLoRA found for adapters of 7 and 13 billion parameters: 2e-4 (Dettmers et al. 2023, arXiv:2305.14314,
    /// appendix B, table 9; 1e-4 for 33 and 65).
    /// </summary>
    public static TrainerOptions DefaultAdapterTrainer { get; } = DefaultTrainer with { LearningRate = 2e-4 };

    /// <summary>QLoRA's adapter (appendix B): rank 64 and α 16 on every linear map of the layers, dropout 0.1 (0.05 for 33 and 65 billion parameters).</summary>
    public static LoraOptions DefaultAdapter { get; } = new() { Rank = 64, Alpha = 16, Dropout = 0.1 };

    /// <summary>Packs of one context, every sequence with the same weight; a conversation that is longer than the context is left out and counted, because cut it may lack what its answer is about.</summary>
    /// <param name="contextLength">Tokens of a pack.</param>
    public static StreamingPackerOptions Packing(int contextLength) => new()
    {
        ContextLength = contextLength,
        LossWeighting = LossWeighting.PerSequence,
        Overlength = OverlengthPolicy.Skip,
        Order = PackOrder.Shuffled,
    };

    /// <summary>
    /// As <see cref="Packing"/>, without packing: each conversation on its own, those of a step of similar length (LongAlign §3.2, sorted
    /// batching).
    /// </summary>
    /// <param name="contextLength">Most tokens of a conversation.</param>
    /// <param name="batchSize">Conversations of a step: <see cref="TrainerOptions.GradientAccumulationSteps"/>.</param>
    public static StreamingPackerOptions SortedBatching(int contextLength, int batchSize) =>
        Packing(contextLength) with { Order = PackOrder.AsPacked, SortedBatchSize = batchSize };

    /// <summary>Conversations as training sequences: in the model's format, with a mask that is true on the answers' tokens, the token that ends a turn included.</summary>
    /// <param name="conversations">The conversations, each with at least one answer.</param>
    /// <param name="format">The model's format, for example of <see cref="ChatFormat.Load"/>.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="rendering">How conversations are written; null for the defaults.</param>
    /// <returns>A sequence for each conversation, all in memory; <see cref="DataSource.FromList"/> makes a source of them.</returns>
    /// <exception cref="ArgumentException">There is no conversation, one has no answer, or the format refuses it, where the message has its number from 0; or the tokenizer lacks the token that ends every answer of the format.</exception>
    public static IReadOnlyList<TokenSequence> Sequences(
        IEnumerable<IReadOnlyList<ChatTurn>> conversations, ChatFormat format, HuggingFaceTokenizer tokenizer, ChatRenderOptions? rendering = null)
    {
        ArgumentNullException.ThrowIfNull(conversations);
        ArgumentNullException.ThrowIfNull(format);
        ArgumentNullException.ThrowIfNull(tokenizer);
        var encoder = new ExampleEncoder(tokenizer, format, new ExampleEncoderOptions { Rendering = rendering });
        var sequences = new List<TokenSequence>();
        foreach (IReadOnlyList<ChatTurn> conversation in conversations)
        {
            TokenSequence sequence;
            try
            {
                sequence = encoder.EncodeUnchecked(new ChatExample(conversation));
            }
            catch (Exception fault) when (fault is ArgumentException or NotSupportedException) // the latter where a format has no place for a call
            {
                // The inner parameter's name would stand in front of this one's.
                string reason = fault is ArgumentException { ParamName: { } name } ? fault.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : fault.Message;
                throw new ArgumentException($"Conversation {sequences.Count} cannot be written: {reason}", nameof(conversations), fault);
            }

            if (sequence.CountTargets() == 0) throw new ArgumentException($"Conversation {sequences.Count} has no answer to learn: none of its {conversation.Count} turn(s) is an assistant's that counts.", nameof(conversations));
            sequences.Add(sequence);
        }

        return sequences.Count > 0 ? sequences : throw new ArgumentException("There is no conversation: the data set is empty.", nameof(conversations));
    }

    /// <summary>Puts the recipe together.</summary>
    /// <param name="config">The model's config; it is not changed.</param>
    /// <param name="source">The data, for example of <see cref="Sequences"/>; stays the caller's.</param>
    /// <param name="options">What is not to be as usual; null for nothing.</param>
    /// <exception cref="ArgumentException">Options cannot be used; the message lists all that cannot.</exception>
    public static TrainingRecipe Compose(ModelConfig config, IDataSource<TokenSequence> source, InstructionTuningOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(source);
        options ??= new InstructionTuningOptions();
        int context = options.ContextLength ?? config.MaxPositionEmbeddings;
        List<string> faults = [.. options.Faults()];
        PositionChange positions = PositionChange.For(config, context, options, faults);
        if (options.HeldOut is { } heldOut && heldOut.FirstOrDefault(sequence => sequence?.Length > context) is { } tooLong) faults.Add($"HeldOut has a conversation of {tooLong.Length} tokens, but the context is {context}");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(InstructionTuningOptions)}: {string.Join("; ", faults)}.", nameof(options));
        StreamingPackerOptions packing = options.Packing ?? Packing(context);
        TrainerOptions trainer = options.Trainer ?? (options.Adapter is null ? DefaultTrainer : DefaultAdapterTrainer);
        ITrainingEvaluation[] evaluations = options.HeldOut.Count == 0 ? []
            : [new LossByPositionEvaluation([.. options.HeldOut.Where(sequence => sequence.CountTargets() > 0).Select(sequence => PackedBatch.Create([sequence]))], name: "held_out_answers")];
        return TrainingRecipe.Of("instruction tuning", source, options, positions, packing, trainer, evaluations) with { ChatFormat = options.ChatFormat };
    }
}
