using LongContext.Checkpoints;
using LongContext.Evaluation;
using LongContext.Evaluation.Tasks;
using LongContext.Evaluation.Tasks.Ruler;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Samples.Shared.Extension;
using LongContext.Tokenization;

namespace LongContext.Samples.QuantizeModel.Measured;

/// <summary>A model and a text of the user's.</summary>
internal sealed class FolderModel : IMeasuredModel
{
    private const int DefaultMost = 8_192, PackTokens = 4_096;
    private readonly string folder;
    private readonly ExtensionData data;
    private readonly int context;

    public FolderModel(string folder, string file, int? given, string[] tasks, int items, int seed)
    {
        this.folder = folder;
        context = given ?? Math.Min(DefaultMost, ModelConfig.Load(folder).MaxPositionEmbeddings);
        data = new ExtensionData(new ExtensionOptions { Model = folder, Data = file, ContextLength = context, Tokens = 0, Seed = seed, MeasureOnly = true, Output = "" });
        HuggingFaceTokenizer? tokenizer = tasks.Length > 0 ? HuggingFaceTokenizer.Load(folder) : null;
        Measure = new QuantizationReportOptions
        {
            Text = data.HeldOutTokens,
            Perplexity = data.MeasureOptions,
            Tasks = tasks.Length == 0 ? [] : [.. Ruler.Create(new RulerOptions { Lengths = [.. data.Lengths], ItemsPerLength = items, Seed = seed }, tasks).Cast<EvaluationTask>()],
            Tokenizer = tokenizer,
            Run = new EvaluationRunOptions { RequestsAtOnce = 1 },
        };
    }

    public string Description => $"{folder}: perplexity of {data.HeldOutDescription} at {string.Join(", ", data.Lengths)} tokens{(Measure.Tasks.Count == 0 ? "" : $", {string.Join(", ", Measure.Tasks.Select(task => task.Name))}")}.";

    public QuantizationReportOptions Measure { get; }

    public CausalLanguageModel Load() => CausalLanguageModel.Load(folder, new ModelLoadOptions { DequantizesWeights = true });

    public IReadOnlyList<PackedBatch> Calibration(long tokens)
    {
        int documents = Math.Max(1, PackTokens / context);
        return [.. Enumerable.Range(0, (int)Math.Max(1, tokens / (documents * (long)context))).Select(index => data.TrainingPack(index, documents))];
    }
}
