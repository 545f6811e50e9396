using System.Globalization;
using LongContext.Evaluation.Tasks;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Runs;

/// <summary>Some items of one length of a task, as a task of its own.</summary>
internal sealed class SizedSlice(EvaluationTask task, int length, IReadOnlyList<EvaluationItem> items) : EvaluationTask
{
    public override string Name { get; } = NameOf(task, length);

    public override string Identity => task.Identity;

    public override int? ItemCount => items.Count;

    public override bool UsesStrategies => task.UsesStrategies;

    public static string NameOf(EvaluationTask task, int length) => string.Create(CultureInfo.InvariantCulture, $"{task.Name} at {length}");

    public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer) => items;

    public override ValueTask<ItemScore> EvaluateAsync(EvaluationItem item, IModelSession session, CancellationToken cancellationToken = default) =>
        task.EvaluateAsync(item, session, cancellationToken);
}
