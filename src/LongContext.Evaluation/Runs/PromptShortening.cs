using System.Globalization;

namespace LongContext.Evaluation.Runs;

/// <summary>Long prompts are not kept whole: ten thousand of them would fill the memory.</summary>
internal static class PromptShortening
{
    /// <summary>The first and the last half of so many characters, with a note between them.</summary>
    public static string? Shorten(string? prompt, int? characters)
    {
        if (prompt is null || characters is not { } most || prompt.Length <= most) return prompt;
        int head = (most + 1) / 2, tail = prompt.Length - (most / 2);
        // Never between the halves of a surrogate pair.
        if (head > 0 && char.IsHighSurrogate(prompt[head - 1])) head--;
        if (tail < prompt.Length && char.IsLowSurrogate(prompt[tail])) tail++;
        return string.Create(CultureInfo.InvariantCulture, $"{prompt[..head]}\n[… {tail - head:N0} characters …]\n{prompt[tail..]}");
    }
}
