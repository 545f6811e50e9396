using System.Globalization;
using LongContext.Data;
using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Runs;

/// <summary>Items that only say which length and number they have, for a model whose accuracy is a function of the length.</summary>
internal sealed class SlopeTask(string name, int items = int.MaxValue) : AnswerTask, ISizedTask
{
    public override string Name { get; } = name;

    public override string Identity => "slope";

    public IReadOnlyList<int> Lengths => [1_024];

    public IReadOnlyList<string> Told { get; init; } = [];

    public override IReadOnlyList<string> Notes => Told;

    /// <summary>A model that is right by chance, with an accuracy that depends on the task's name and the length.</summary>
    public static ScriptedClient Client(long seed, Func<string, int, double> accuracy) => new(question => Answer(seed, accuracy, question));

    public static string Answer(long seed, Func<string, int, double> accuracy, string question)
    {
        string[] words = question.Split(' ');
        int length = int.Parse(words[1], CultureInfo.InvariantCulture), number = int.Parse(words[2], CultureInfo.InvariantCulture);
        double drawn = new SplitMix64(seed ^ StringHash(words[0]), ((long)length << 32) + number).NextDouble();
        return drawn < accuracy(words[0], length) ? "right" : "wrong";
    }

    public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer) => CreateItems(tokenizer, 1_024);

    public IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer, int length)
    {
        for (int i = 0; i < items; i++)
        {
            yield return new EvaluationItem { Id = $"{i}", Prompt = EvaluationPrompt.FromText($"{Name} {length} {i}"), Answers = ["right"], Length = length };
        }
    }

    public override ItemScore Score(EvaluationItem item, string answer) => new(answer == "right" ? 1 : 0);

    private static long StringHash(string text) => text.Aggregate(17L, (hash, c) => unchecked((hash * 31) + c));
}
