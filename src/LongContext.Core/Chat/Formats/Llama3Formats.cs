namespace LongContext.Chat.Formats;

/// <summary>Llama 3: headers with the role, contents trimmed; from 3.1 on a system block with the date.</summary>
internal static class Llama3Formats
{
    /// <summary>The date that Llama 3.1's template has where none is given.</summary>
    private static readonly DateOnly FixedDate = new(2024, 7, 26);

    /// <param name="beginning">The beginning-of-sentence token.</param>
    /// <param name="alwaysPrompts">Whether the generation prompt stands there unasked, as in Llama 3's first template.</param>
    public static ChatFormat Version30(string beginning, bool alwaysPrompts = false) =>
        new BlockFormat("llama3", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>")
        {
            Header = role => $"<|start_header_id|>{role}<|end_header_id|>\n\n",
            EndOfTurn = "<|eot_id|>",
            Beginning = beginning,
            Trims = true,
            System = (system, _) => system is null ? null : PythonText.Strip(system),
            AlwaysPrompts = alwaysPrompts,
        };

    public static ChatFormat Version31(string beginning) => new Llama31Format("llama3.1", beginning, options => options.Date ?? FixedDate);

    public static ChatFormat Version32(string beginning) => new Llama31Format("llama3.2", beginning, options => options.DateOrToday());
}
