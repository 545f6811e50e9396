namespace LongContext.Chat.Formats;

/// <summary>Granite 3: roles in brackets; from 3.1 on a system block of its own where the conversation brings none.</summary>
internal static class GraniteFormats
{
    private const string ThinkingAdvice =
        "Respond to every user query in a comprehensive and detailed way. You can write down your thoughts and reasoning process before responding. In the thought process, engage in a comprehensive cycle of analysis, summarization, exploration, reassessment, reflection, backtracing, and iteration to develop well-considered thinking process. In the response section, based on various attempts, explorations, and reflections from the thoughts section, systematically present the final solution that you deem correct. The response should summarize the thought process.";

    public static ChatFormat Version30() => Create("granite-3.0", (system, _) => system);

    public static ChatFormat Version31() => Create("granite-3.1", (system, options) => system ?? Lines(options) + Helpful);

    public static ChatFormat Version32() => Create("granite-3.2", (system, options) => system ?? Lines(options) + (options.EnableThinking == true
        ? Thinking("after 'Here is my thought process:'", "after 'Here is my response:'")
        : Helpful));

    public static ChatFormat Version33() => Create("granite-3.3", (system, options) => system ?? Introduced33(
        $"Knowledge Cutoff Date: April 2024. Today's Date: {SystemDates.Granite(options)}", options));

    /// <summary>The same, laid out in lines by its first release.</summary>
    public static ChatFormat Version33InLines() => Create("granite-3.3", (system, options) => system ?? Introduced33(
        $" Knowledge Cutoff Date: April 2024.\n Today's Date: {SystemDates.Granite(options)}", options));

    private const string Helpful = " You are a helpful AI assistant.";

    private static BlockFormat Create(string name, Func<string?, ChatRenderOptions, string?> system) => new(name, "<|end_of_text|>")
    {
        Header = role => $"<|start_of_role|>{role}<|end_of_role|>",
        EndOfTurn = "<|end_of_text|>",
        AfterTurn = "\n",
        System = system,
        PromptNeedsTurn = name != "granite-3.0",
        Reasoning = name switch
        {
            "granite-3.2" => new ReasoningTags("Here is my thought process:", "Here is my response:"),
            "granite-3.3" => ReasoningTags.Think,
            _ => null,
        },
    };

    private static string Lines(ChatRenderOptions options) =>
        $"Knowledge Cutoff Date: April 2024.\nToday's Date: {SystemDates.Granite(options)}.\nYou are Granite, developed by IBM.";

    private static string Introduced33(string dates, ChatRenderOptions options) =>
        $"{dates}. You are Granite, developed by IBM." + (options.EnableThinking == true
            ? Thinking("between <think></think>", "between <response></response>")
            : Helpful);

    private static string Thinking(string thoughts, string response) =>
        $"{Helpful}\n{ThinkingAdvice} Write your thoughts {thoughts} and write your response {response} for each user query.";
}
