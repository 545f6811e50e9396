using System.Globalization;
using LongContext.Evaluation.Tasks;
using LongContext.Samples.Shared.Repetition;
using Microsoft.ML.Tokenizers;

namespace LongContext.Samples.RopeScalingStudy.Words;

/// <summary>"Repeat the 16 words after this marker", which stands once, anywhere in a text of random words: QuickStart's questions as a task for runs.</summary>
internal sealed class MarkerTask(RepetitionLanguage language, IReadOnlyList<int> lengths, int questions, int seed) : AnswerTask, ISizedTask
{
    public override string Name => "words after a marker";

    public override string Identity => string.Create(CultureInfo.InvariantCulture, $"words after a marker, lengths {string.Join(' ', lengths)}, {questions} questions, seed {seed}");

    public IReadOnlyList<int> Lengths => lengths;

    public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer) => lengths.SelectMany(length => CreateItems(tokenizer, length));

    public IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer, int length)
    {
        for (int i = 0; i < questions; i++)
        {
            var task = new RepetitionTask(new RepetitionTaskOptions
            {
                Form = RepetitionForm.AfterMarker,
                Words = language.Words,
                Template = RepetitionLanguage.MarkerTemplate,
                Marker = RepetitionLanguage.Markers[i % RepetitionLanguage.Markers.Count],
                MinimumCount = RepetitionLanguage.MaximumCount,
                MaximumCount = RepetitionLanguage.MaximumCount,
            });
            int promptTokens = length - RepetitionLanguage.MaximumCount - 1; // one for <s>
            EvaluationItem item = task.Create(tokenizer, promptTokens, unchecked(1_000_000_000 + (seed * 1_000_003) + (length * 1000) + i));
            yield return item with
            {
                Id = string.Create(CultureInfo.InvariantCulture, $"{length}-{i}"),
                Prompt = item.Prompt with { Style = Evaluation.PromptStyle.Completion },
                Settings = new Evaluation.AnswerSettings { MaximumNewTokens = RepetitionLanguage.MaximumCount },
                Length = length,
            };
        }
    }

    public override ItemScore Score(EvaluationItem item, string answer) => new(RepetitionTask.WordScore(item, answer));
}
