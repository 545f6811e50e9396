namespace LongContext.Chat.Formats;

/// <summary>
/// Granite 3: roles in brackets; from 3.1 on a system block of its own where the conversation brings none. Tools are listed in a block; calls,
/// which the templates leave to the caller, are written as that system block asks.
/// </summary>
internal static class GraniteFormats
{
    private const string ThinkingAdvice =
        "Respond to every user query in a comprehensive and detailed way. You can write down your thoughts and reasoning process before responding. In the thought process, engage in a comprehensive cycle of analysis, summarization, exploration, reassessment, reflection, backtracing, and iteration to develop well-considered thinking process. In the response section, based on various attempts, explorations, and reflections from the thoughts section, systematically present the final solution that you deem correct. The response should summarize the thought process.";

    public static ChatFormat Version30() => Create("granite-3.0", (system, _) => system);

    public static ChatFormat Version31() => Create("granite-3.1", (system, options) => system ?? Lines(options) + Help(options, "AI assistant", "respond"));

    public static ChatFormat Version32() => Create("granite-3.2", (system, options) =>
        system ?? Lines(options) + (options.EnableThinking == true && options.Tools.Count == 0
            ? Thinking("after 'Here is my thought process:'", "after 'Here is my response:'")
            : Help(options, "AI assistant", "respond")));

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
        Syntax = ToolCallSyntax.Granite,
        ToolList = tools => ListTools(name, tools),
        ListsToolsFirst = name == "granite-3.0",
        ToolRole = name == "granite-3.0" ? "tool_response" : ChatTurn.ToolRole,
        Reasoning = name switch
        {
            "granite-3.2" => new ReasoningTags("Here is my thought process:", "Here is my response:"),
            "granite-3.3" => ReasoningTags.Think,
            _ => null,
        },
    };

    /// <summary>What the assistant is, and how it calls tools where there are some; then it is not told to think.</summary>
    private static string Help(ChatRenderOptions options, string assistant, string respond) => options.Tools.Count == 0
        ? Helpful
        : $" You are a helpful {assistant} with access to the following tools. When a tool is required to answer the user's query, {respond} with <|tool_call|> followed by " +
          "a JSON list of tools used. If a tool does not exist in the provided list of tools, notify the user that you do not have the ability to fulfill the request.";

    private static string ListTools(string name, IReadOnlyList<ChatTool> tools)
    {
        string list = name == "granite-3.0"
            ? "\n" + string.Join("\n\n", tools.Select(tool => PythonJson.Write(tool.ToElement(), indent: 4)))
            : PythonJson.Write(tools.Select(tool => tool.ToElement()), indent: 4);
        string role = name is "granite-3.0" or "granite-3.3" ? "available_tools" : "tools";
        return $"<|start_of_role|>{role}<|end_of_role|>{list}<|end_of_text|>\n";
    }

    private static string Lines(ChatRenderOptions options) =>
        $"Knowledge Cutoff Date: April 2024.\nToday's Date: {SystemDates.Granite(options)}.\nYou are Granite, developed by IBM.";

    private static string Introduced33(string dates, ChatRenderOptions options) =>
        $"{dates}. You are Granite, developed by IBM." + (options.EnableThinking == true && options.Tools.Count == 0
            ? Thinking("between <think></think>", "between <response></response>")
            : Help(options, "assistant", "respond only"));

    private static string Thinking(string thoughts, string response) =>
        $"{Helpful}\n{ThinkingAdvice} Write your thoughts {thoughts} and write your response {response} for each user query.";
}
