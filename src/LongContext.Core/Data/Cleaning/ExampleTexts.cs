using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>An example's text in one piece, as cleaning looks at it.</summary>
internal static class ExampleTexts
{
    /// <summary>The text; prompt and completion, or the turns' contents, one under the other.</summary>
    public static string Of(TrainingExample example) => example switch
    {
        TextExample text => text.Text,
        PromptExample prompt => $"{prompt.Prompt}\n{prompt.Completion}",
        SegmentsExample segments => segments.Text,
        ChatExample chat => string.Join('\n', chat.Turns.SelectMany(turn => turn.ToolCalls.Select(call => call.Arguments.GetRawText()).Prepend(turn.Content))),
        _ => throw new ArgumentException($"An example of the type {example.GetType().Name} is not known here; expected a text, a prompt, segments or a chat.", nameof(example)),
    };
}
