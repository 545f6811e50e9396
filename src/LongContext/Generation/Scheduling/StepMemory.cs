using LongContext.Cpu.Attention;
using LongContext.Generation.Running;
using LongContext.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Generation.Scheduling;

/// <summary>What steps take besides weights, keys and values.</summary>
internal sealed class StepMemory
{
    /// <summary>Rows that go through an MLP of the CPU's kernels together.</summary>
    private const int MlpRows = 240;

    /// <summary>Rows of scores of a sequence in a step, where guesses are checked.</summary>
    private const int RowsOfScores = 9;

    /// <summary>Rows of scores of a step that there is always room for: with fewer, prompts that are scored would take long.</summary>
    private const int FewestRowsOfScores = 64;

    private readonly DecoderShape shape;
    private readonly long rows, perRow, inner, scores;
    private readonly bool byKernels;
    private readonly string whose;

    /// <param name="shape">The model's.</param>
    /// <param name="dataType">Its type.</param>
    /// <param name="byKernels">Whether the CPU's kernels run it.</param>
    /// <param name="options">The engine's.</param>
    /// <param name="ofDraft">Whether it is the draft model, whose sequences have one row of scores each: the checking is the other one's.</param>
    public StepMemory(DecoderShape shape, ScalarType dataType, bool byKernels, GenerationEngineOptions options, bool ofDraft = false)
    {
        (this.shape, this.byKernels, rows, whose) = (shape, byKernels, options.StepTokens, ofDraft ? " of the draft model" : "");
        int size = dataType.ElementSize();
        long projected = (shape.HeadCount + (2L * shape.KeyValueHeadCount)) * shape.HeadDimension, wanted = ofDraft ? Math.Min(options.MaximumSequences, options.StepTokens) : ScoreRowsOf(options);
        if (byKernels)
        {
            // Hidden states, normed ones, what is added to them; queries, keys and values; attention's tiles. All in float32.
            perRow = ((3L * shape.HiddenSize) + (2 * projected)) * sizeof(float);
            inner = Math.Min(rows, MlpRows) * 2L * shape.IntermediateSize * sizeof(float);
            scores = wanted * shape.VocabularySize * sizeof(float);
            // Of one layer at a time: what attention has of parts of the keys, and what the keys are chosen by where a request asks for that.
            var layout = new CacheLayout(shape.KeyValueHeadCount, shape.HeadDimension, new RunnerOptions().PageTokens, CpuModelRunner.CacheFormatOf(EngineMemory.Format(options), dataType));
            double ofToken = PagedAttention.PartialBytesOfToken(layout, shape.HeadCount) + (shape.KeyValueHeadCount * sizeof(float));
            int growing = shape.Layers.Count(layer => layer.SlidingWindow is null);
            if (growing == 0) growing = shape.LayerCount;
            BytesPerCacheByte = ofToken * layout.PageTokens / ((double)layout.LayerBytes * growing);
        }
        else
        {
            // As many of each as libtorch has at once; norms compute in float32. Scores also on the host, in float32.
            perRow = (((4L * shape.HiddenSize) + (3 * projected)) * size) + (2L * shape.HiddenSize * sizeof(float));
            inner = rows * 3L * shape.IntermediateSize * size;
            scores = wanted * shape.VocabularySize * (size + sizeof(float));
            // Of one layer at a time: side by side, and once more for a kernel that wants as many key heads as there are heads.
            BytesPerCacheByte = 2.0 / shape.LayerCount;
        }
    }

    /// <summary>Rows of scores that a step has room for: so many tokens of prompts are scored in one step at most, beside the others' next ones.</summary>
    public static int ScoreRowsOf(GenerationEngineOptions options) => (int)Math.Min(options.StepTokens, Math.Max((long)options.MaximumSequences * RowsOfScores, FewestRowsOfScores));

    /// <summary>The probabilities that a draft model's guesses were drawn with, of as many as a step can check, and a row of scores over the model's vocabulary where the draft's is smaller.</summary>
    public static GenerationMemoryItem DrawnGuesses(GenerationEngineOptions options, int vocabularySize) => new("probabilities of guesses", (ScoreRowsOf(options) + 1L) * vocabularySize * sizeof(float));

    /// <summary>What grows with the cache, by its bytes: what is gathered of it for a layer, of one sequence that fills it, or what the CPU's attention takes for all that is in it, prefixes that several sequences share counted once.</summary>
    public double BytesPerCacheByte { get; }

    /// <summary>The parts but for what grows with the cache.</summary>
    /// <param name="contextLength">Positions that rotations are kept for.</param>
    public IEnumerable<GenerationMemoryItem> Items(int contextLength)
    {
        yield return new GenerationMemoryItem("hidden states of a step" + whose, (rows * perRow) + inner);
        yield return new GenerationMemoryItem("scores" + whose, scores);
        int kinds = shape.Layers.Where(layer => layer.HasPositions).Select(layer => layer.Type).Distinct().Count();
        if (byKernels) yield return new GenerationMemoryItem("rotations by position" + whose, (long)contextLength * kinds * shape.HeadDimension * sizeof(float));
    }

    /// <summary>What grows with the cache.</summary>
    /// <param name="cacheBytes">Bytes of the model's keys and values.</param>
    public GenerationMemoryItem OfCache(long cacheBytes) => new(byKernels ? "attention's partial results" + whose : "keys and values of a layer" + whose + ", gathered", (long)(cacheBytes * BytesPerCacheByte));
}
