using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Likelihood;

/// <summary>A <see cref="ChoiceTask"/> over a task that has items of any length.</summary>
internal sealed class SizedChoiceTask(EvaluationTask source, ISizedTask sized, ChoiceTaskOptions? options) : ChoiceTask(source, options), ISizedTask
{
    public IReadOnlyList<int> Lengths => sized.Lengths;

    public int TemplateTokens => sized.TemplateTokens;

    public IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer, int length) => sized.CreateItems(tokenizer, length);
}
