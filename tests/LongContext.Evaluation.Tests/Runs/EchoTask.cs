using LongContext.Evaluation.Tasks;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Runs;

/// <summary>Items "q0", "q1", … whose right answer is "a" and the same number; counts what it was asked to make.</summary>
internal sealed class EchoTask(string name, int count) : AnswerTask
{
    private int made;

    public override string Name { get; } = name;

    public override string Identity => $"echo {Version}";

    public string Version { get; init; } = "1";

    public int Made => Volatile.Read(ref made);

    public Func<EvaluationItem, EvaluationItem> Change { get; init; } = item => item;

    public static string Answer(string question) => question.Replace("question", "answer", StringComparison.Ordinal);

    public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer)
    {
        for (int i = 0; i < count; i++)
        {
            Interlocked.Increment(ref made);
            yield return Change(new EvaluationItem { Id = $"{i}", Prompt = EvaluationPrompt.FromText($"question {Name} {i}"), Answers = [$"answer {Name} {i}"] });
        }
    }

    public override ItemScore Score(EvaluationItem item, string answer) => new(answer == item.Answer ? 1 : 0);
}
