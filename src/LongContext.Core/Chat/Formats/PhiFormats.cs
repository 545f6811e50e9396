namespace LongContext.Chat.Formats;

/// <summary>Phi-3 to Phi-4, whose templates changed with every release.</summary>
internal static class PhiFormats
{
    private const string End = "<|end|>";
    private const string EndOfText = "<|endoftext|>";

    /// <summary>Phi-3 mini; with <paramref name="skipsEmptySystem"/>, 3.5.</summary>
    public static ChatFormat Version3(string name, string beginning, string endOfSentence, bool skipsEmptySystem) => new BlockFormat(name, End, EndOfText)
    {
        Header = role => $"<|{role}|>\n",
        EndOfTurn = End,
        AfterTurn = "\n",
        Beginning = beginning,
        Ending = endOfSentence,
        SkipsEmptySystem = skipsEmptySystem,
    };

    /// <summary>The first Phi-3 mini and medium: no system prompt, and the user's turn opens the assistant's.</summary>
    public static ChatFormat Version3First(string beginning) => new PromptingUserFormat("phi3-first", End, EndOfText)
    {
        Header = role => $"<|{role}|>\n",
        EndOfTurn = End,
        AfterTurn = "\n",
        Beginning = beginning,
    };

    public static ChatFormat Version4() => new BlockFormat("phi4", "<|im_end|>", EndOfText)
    {
        Header = role => $"<|im_start|>{role}<|im_sep|>",
        EndOfTurn = "<|im_end|>",
    };

    /// <summary>The first Phi-4, in which the user's turn opens the assistant's.</summary>
    public static ChatFormat Version4First() => new PromptingUserFormat("phi4-first", "<|im_end|>", EndOfText)
    {
        Header = role => $"<|im_start|>{role}<|im_sep|>",
        EndOfTurn = "<|im_end|>",
        WritesSystem = true,
    };

    /// <summary>
    /// Phi-4 mini: the list of tools is part of the system prompt. What its template leaves to the caller, the text of calls and the role of
    /// tools' answers, is written with the tokens that its vocabulary has for them.
    /// </summary>
    public static ChatFormat Version4Mini(string endOfSentence) => new BlockFormat("phi4-mini", End, EndOfText)
    {
        Header = role => $"<|{role}|>",
        EndOfTurn = End,
        Ending = endOfSentence,
        System = (system, options) => options.Tools.Count == 0
            ? system
            : $"{system}<|tool|>{PythonJson.Write(options.Tools.Select(tool => tool.ToFunction()))}<|/tool|>",
        Syntax = ToolCallSyntax.Phi4Mini,
        ToolRole = "tool_response",
    };
}
