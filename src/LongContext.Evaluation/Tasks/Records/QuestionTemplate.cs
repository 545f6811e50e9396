using LongContext.Data;
using LongContext.Evaluation.Metrics;

namespace LongContext.Evaluation.Tasks.Records;

/// <summary>Makes prompts of questions: by the template that is set, else by a plain one.</summary>
internal sealed class QuestionTemplate
{
    public const string Context = "context", Question = "question", Choices = "choices";

    private readonly QuestionTaskOptions options;
    private readonly FormatString? template;

    /// <param name="options">Where it is set.</param>
    /// <param name="hasContext">Whether questions have a context; null where each may or may not.</param>
    /// <exception cref="ArgumentException">The template is none, or lacks a place.</exception>
    public QuestionTemplate(QuestionTaskOptions options, bool? hasContext)
    {
        this.options = options;
        if (options.Template is null) return;
        template = FormatString.ParseOption(options.Template, nameof(QuestionTaskOptions.Template), nameof(options));
        int contexts = template.Names.Count(name => name == Context);
        if (contexts > 1 || (hasContext == true && contexts == 0) || (hasContext == false && contexts > 0))
        {
            string expected = hasContext == false ? "none, as the columns say that there is no context"
                : hasContext == true ? "once; set the column Context to null where there is none" : "once at most";
            throw new ArgumentException(FormattableString.Invariant($"{nameof(QuestionTaskOptions.Template)}: the place {{context}} occurs {contexts} times, expected {expected}."), nameof(options));
        }

        if (!template.Names.Contains(Question)) throw new ArgumentException($"{nameof(QuestionTaskOptions.Template)}: the place {{question}} is missing.", nameof(options));
    }

    /// <summary>The places that are filled from other fields.</summary>
    public IEnumerable<string> OtherNames => (template?.Names ?? []).Where(name => name is not (Context or Question or Choices)).Distinct(StringComparer.Ordinal);

    /// <summary>A question as an item.</summary>
    /// <param name="question">The question.</param>
    /// <param name="number">Which it is, from 1.</param>
    /// <exception cref="DataFormatException">The question does not go with the template.</exception>
    public EvaluationItem Create(Question question, int number)
    {
        if (question.Choices.Count > ChoiceLetter.MaximumChoices)
            throw new DataFormatException(FormattableString.Invariant($"there are {question.Choices.Count} choices, expected at most {ChoiceLetter.MaximumChoices}: each has a letter."));
        string choices = string.Join('\n', question.Choices.Select((choice, i) => $"{ChoiceLetter.Of(i)}. {choice}"));
        (string before, string after) = template is null ? Plain(question, choices) : Fill(question, choices);
        return new EvaluationItem
        {
            Id = question.Id ?? ItemIds.OfNumber(number),
            Prompt = new EvaluationPrompt
            {
                System = options.System,
                Before = before,
                Context = question.Context ?? string.Empty,
                After = after,
                AnswerPrefix = options.AnswerPrefix,
                Query = question.Text,
                Style = options.Style,
                Truncation = options.Truncation,
            },
            Answers = question.Choices.Count == 0 ? question.Answers : [.. question.Answers.Select(answer => Letter(answer, question.Choices))],
            Choices = question.Choices,
            Settings = options.Settings,
            Group = question.Group,
            Properties = question.Properties,
        };
    }

    private static (string Before, string After) Plain(Question question, string choices)
    {
        string asked = choices.Length == 0 ? $"Question: {question.Text}\n\nAnswer:" : $"Question: {question.Text}\n\n{choices}\n\nAnswer with the letter of the right choice.\n\nAnswer:";
        return ("", string.IsNullOrEmpty(question.Context) ? asked : "\n\n" + asked);
    }

    private (string Before, string After) Fill(Question question, string choices)
    {
        bool hasPlace = template!.Names.Contains(Choices);
        if (choices.Length > 0 && !hasPlace) throw new DataFormatException("there are choices, but the template has no place {choices}.");
        if (choices.Length == 0 && hasPlace) throw new DataFormatException("there are no choices, but the template has the place {choices}.");
        bool hasContextPlace = template.Names.Contains(Context);
        if (!string.IsNullOrEmpty(question.Context) && !hasContextPlace) throw new DataFormatException("there is a context, but the template has no place {context}.");
        return hasContextPlace ? template.FillAround(Context, Value) : ("", template.Fill(Value));

        string Value(string name) => name switch
        {
            Question => question.Text,
            Choices => choices,
            _ => question.Properties.TryGetValue(name, out string? value) ? value
                : throw new DataFormatException($"there is nothing for the template's place {{{name}}}, expected {{question}}, {{context}}, {{choices}} or "
                    + $"{(question.Properties.Count == 0 ? "a property" : string.Join(", ", question.Properties.Keys.Select(key => $"{{{key}}}")))}."),
        };
    }

    private static string Letter(string answer, IReadOnlyList<string> choices)
    {
        for (int i = 0; i < choices.Count; i++)
        {
            if (Words.Trim(choices[i]) == Words.Trim(answer)) return ChoiceLetter.Of(i);
        }

        string letter = Words.Trim(answer).ToUpperInvariant();
        return letter.Length == 1 && letter[0] - 'A' is >= 0 and var index && index < choices.Count ? letter
            : throw new DataFormatException($"the answer \"{answer}\" is neither a letter from A to {ChoiceLetter.Of(choices.Count - 1)} nor the text of a choice; "
                + $"where it is a choice's number, say so by the columns' {nameof(QuestionColumns.ChoiceAnswers)}.");
    }
}
