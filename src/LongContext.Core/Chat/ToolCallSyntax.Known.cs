namespace LongContext.Chat;

public sealed partial class ToolCallSyntax
{
    private const string JsonName = "{\"name\": \"";
    private const string JsonArguments = "\", \"arguments\": ";

    /// <summary>&lt;tool_call&gt; and &lt;/tool_call&gt; around an object with "name" and "arguments", as Hermes, Qwen 2.5, Qwen 3 and SmolLM3 write them.</summary>
    public static ToolCallSyntax Hermes { get; } = new()
    {
        Opening = "<tool_call>",
        Openings = ["<tool_call>"],
        Closing = "</tool_call>",
        CallPrefix = "<tool_call>\n" + JsonName,
        ArgumentsPrefix = JsonArguments,
        CallSuffix = "}\n</tool_call>",
        Separator = "\n",
    };

    /// <summary>
    /// An object with "name" and "parameters" that is the whole answer, as Llama 3.1 and 3.2 write it, or one after &lt;|python_tag|&gt;. Its first key is "name", or "type" with the value "function" and then "name".
    /// </summary>
    public static ToolCallSyntax Llama3 { get; } = new()
    {
        BareBeginnings = [["name"], ["type", "function", "name"]],
        Openings = ["<|python_tag|>"],
        SpecialTokens = ["<|python_tag|>"],
        AllowsSeveral = false,
        CallPrefix = JsonName,
        ArgumentsPrefix = "\", \"parameters\": ",
        CallSuffix = "}",
    };

    /// <summary>[TOOL_CALLS] and a list of objects with "name" and "arguments", as Mistral's models of the v3 tokenizers write it.</summary>
    public static ToolCallSyntax Mistral { get; } = ForMistral("[TOOL_CALLS] [");

    /// <summary>The same without the blank, as Mistral Nemo writes it.</summary>
    public static ToolCallSyntax MistralNemo { get; } = ForMistral("[TOOL_CALLS][");

    /// <summary>&lt;|tool_call|&gt; and a list of objects with "name" and "arguments", as Granite 3 writes it.</summary>
    public static ToolCallSyntax Granite { get; } = new()
    {
        Opening = "<|tool_call|>",
        // What IBM's models write when the token is spelled out.
        Openings = ["<|tool_call|>", "<tool_call>"],
        SpecialTokens = ["<|tool_call|>"],
        Prefix = "<|tool_call|>[",
        CallPrefix = JsonName,
        ArgumentsPrefix = JsonArguments,
        CallSuffix = "}",
        Separator = ", ",
        Suffix = "]",
    };

    /// <summary>The same with &lt;|/tool_call|&gt; behind it, as Phi-4-mini writes it.</summary>
    public static ToolCallSyntax Phi4Mini { get; } = new()
    {
        Opening = "<|tool_call|>",
        Openings = ["<|tool_call|>"],
        Closing = "<|/tool_call|>",
        SpecialTokens = ["<|tool_call|>", "<|/tool_call|>"],
        Prefix = "<|tool_call|>[",
        CallPrefix = JsonName,
        ArgumentsPrefix = JsonArguments,
        CallSuffix = "}",
        Separator = ", ",
        Suffix = "]<|/tool_call|>",
    };

    private static ToolCallSyntax ForMistral(string prefix) => new()
    {
        Opening = "[TOOL_CALLS]",
        Openings = ["[TOOL_CALLS]"],
        SpecialTokens = ["[TOOL_CALLS]"],
        Prefix = prefix,
        CallPrefix = JsonName,
        ArgumentsPrefix = JsonArguments,
        CallSuffix = "}",
        Separator = ", ",
        Suffix = "]",
        // The templates ask for ids of 9 characters.
        IdPrefix = "",
        IdLength = ToolCallIds.Length,
    };
}
