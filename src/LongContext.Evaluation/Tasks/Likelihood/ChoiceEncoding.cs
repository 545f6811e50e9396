using LongContext.Chat;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Likelihood;

/// <summary>An item's tokens: those of the prompt, and those that each choice has after them.</summary>
/// <param name="Context">The prompt's, special tokens included; at least one.</param>
/// <param name="Continuations">Each choice's, at least one each.</param>
/// <param name="Delimiter">What stands between prompt and choice.</param>
internal sealed record ChoiceEncoding(int[] Context, IReadOnlyList<int[]> Continuations, string Delimiter)
{
    /// <summary>Encodes an item's prompt and choices.</summary>
    public static ChoiceEncoding Of(EvaluationItem item, EvaluationModel model, ITokenScorer scorer, ChoiceTaskOptions options)
    {
        IPromptRenderer? renderer = !options.UsesChatTemplate ? null
            : model.Client.GetService(typeof(IPromptRenderer)) as IPromptRenderer
            ?? throw new NotSupportedException($"The client of \"{model.Name}\" does not know its chat template (no {nameof(IPromptRenderer)}): leave {nameof(options.UsesChatTemplate)} off.");
        bool opens = renderer is not null && item.Prompt.AnswerPrefix.Length == 0;
        string delimiter = options.Delimiter ?? (opens ? string.Empty : " ");
        EvaluationPrompt prompt = Fit(item, model, scorer, delimiter, renderer is not null);
        string text = renderer is not null ? renderer.Render(prompt)
            : string.Concat(string.IsNullOrEmpty(prompt.System) ? string.Empty : prompt.System + "\n\n", prompt.Text, prompt.AnswerPrefix);
        int? beginning = options.AddsBeginningOfSentence ? scorer.BeginningOfSentenceTokenId : null;

        int[]? context = null;
        List<int[]> continuations = [];
        foreach (string choice in item.Choices)
        {
            (int[] before, int[] after) = Pair(scorer, text, delimiter + choice, beginning);
            if (after.Length == 0)
                throw new InvalidOperationException($"The item \"{item.Id}\": the choice \"{choice}\" has no token of its own after the prompt, so it cannot be scored.");
            context ??= before;
            continuations.Add(after);
        }

        return new ChoiceEncoding(context!, continuations, delimiter);
    }

    /// <summary>A text with nothing before it but the special token that texts begin with.</summary>
    public static (int[] Context, int[] Continuation) Alone(ITokenScorer scorer, string text)
    {
        int[] ids = [.. scorer.Tokenizer.EncodeToIds(text)];
        int prefix = scorer.PrefixTokenId ?? throw new NotSupportedException("A text with nothing before it cannot be scored: the model has no token that texts begin with.");
        return ids.Length > 0 && ids[0] == prefix ? (ids[..1], ids[1..]) : ([prefix], ids);
    }

    /// <summary>White space at the context's end goes over to the continuation; then what the whole has more than the context is the continuation's.</summary>
    internal static (int[] Context, int[] Continuation) Pair(ITokenScorer scorer, string context, string continuation, int? beginning)
    {
        string stripped = PythonText.StripEnd(context);
        (context, continuation) = (stripped, context[stripped.Length..] + continuation);
        if (context.Length == 0) return Alone(scorer, continuation);
        int[] whole = [.. scorer.Tokenizer.EncodeToIds(context + continuation)], before = [.. scorer.Tokenizer.EncodeToIds(context)];
        int[] after = whole[Math.Min(before.Length, whole.Length)..];
        bool isThere = beginning is null || (before.Length > 0 && before[0] == beginning);
        if (isThere && before.Length == 0) return Alone(scorer, continuation);
        return (isThere ? before : [beginning!.Value, .. before], after);
    }

    private static EvaluationPrompt Fit(EvaluationItem item, EvaluationModel model, ITokenScorer scorer, string delimiter, bool hasTemplate)
    {
        if (scorer.ContextLength is not { } window) return item.Prompt;
        Tokenizer tokenizer = scorer.Tokenizer;
        int around = tokenizer.CountTokens(item.Prompt.System ?? string.Empty) + tokenizer.CountTokens(item.Prompt.AnswerPrefix);
        int longest = item.Choices.Max(choice => tokenizer.CountTokens(delimiter + choice)) + 1;
        int room = window - around - longest - (hasTemplate ? model.TemplateTokens : 1);
        return item.Prompt.Truncation.Fit(item.Prompt, tokenizer, Math.Max(0, room));
    }
}
