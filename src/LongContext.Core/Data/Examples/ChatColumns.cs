using System.Collections.Frozen;
using LongContext.Chat;

namespace LongContext.Data.Examples;

/// <summary>How conversations stand in records: the names of the fields, what the roles are called, and what becomes of one that is not as it should be.</summary>
/// <remarks>
/// <para>A conversation is: at most one system turn, at the beginning, then user and assistant in turn, from a user's question to an assistant's
/// answer. That is what the chat templates of Llama 2, Mistral and Gemma take; <see cref="RequiresAlternation"/> loosens it for those that take more.</para>
/// <para>Refused are also turns without text (an empty system turn is left out), roles that are not in <see cref="Roles"/> (function, observation
/// and such), calls of tools ("tool_calls", "function_call") unless they are read (<see cref="ReadsTools"/>), content that is no text (images, audio), and
/// a conversation without an answer to learn.
/// <see cref="Faults"/> says what refusing is.</para>
/// </remarks>
public sealed record ChatColumns
{
    private static readonly FrozenDictionary<string, string> Usual = Names(
        (ChatTurn.SystemRole, ["system", "developer"]), (ChatTurn.UserRole, ["user"]), (ChatTurn.AssistantRole, ["assistant"]));

    private static readonly FrozenDictionary<string, string> WithTools = Names(
        (ChatTurn.SystemRole, ["system", "developer"]), (ChatTurn.UserRole, ["user"]), (ChatTurn.AssistantRole, ["assistant"]), (ChatTurn.ToolRole, ["tool"]));

    private static readonly FrozenDictionary<string, string> Wild = Names(
        (ChatTurn.SystemRole, ["system"]),
        (ChatTurn.UserRole, ["human", "user"]),
        (ChatTurn.AssistantRole, ["gpt", "assistant", "chatgpt", "bing", "bard"]));

    /// <summary>LongAlign-10k's form, which most data sets of conversations share: "messages" of "role" and "content".</summary>
    public static ChatColumns LongAlign { get; } = new() { Name = "LongAlign" };

    /// <summary>
    /// OpenAI's fine-tuning form: as <see cref="LongAlign"/>, with tools, their calls and answers. Their first form ("functions", "function_call") is refused.
    /// </summary>
    public static ChatColumns OpenAI { get; } = new() { Name = "OpenAIChat", ReadsTools = true, Roles = WithTools, RefusedTools = ["functions"] };

    /// <summary>
    /// ShareGPT's form: "conversations" of "from" and "value", perhaps with a system prompt in "system". The roles human and user are the user's;
    /// gpt, chatgpt, assistant, bing and bard the assistant's; tool, function_call, observation and any other are refused.
    /// </summary>
    public static ChatColumns ShareGpt { get; } = new()
    {
        Name = "ShareGPT", Messages = "conversations", Role = "from", Content = "value", System = "system", Roles = Wild,
    };

    /// <summary>A short name, for people. Default: Chat.</summary>
    public string Name { get; init; } = "Chat";

    /// <summary>The field with the list of messages. Default: messages.</summary>
    public string Messages { get; init; } = "messages";

    /// <summary>The field of a message with its role. Default: role.</summary>
    public string Role { get; init; } = "role";

    /// <summary>The field of a message with its text: a string, or a list of parts of which each is a string or an object with "type" "text" and "text";
    /// they are joined. Default: content.</summary>
    public string Content { get; init; } = "content";

    /// <summary>The record's field with the system prompt, which need not be there; null (the default) for none.</summary>
    public string? System { get; init; }

    /// <summary>
    /// The field of an assistant's message that says whether the answer is learned (1 or true, as where it is missing) or only read (0 or false):
    /// <see cref="ChatTurn.CountsInLoss"/>. Null for none. Default: weight.
    /// </summary>
    public string? Weight { get; init; } = "weight";

    /// <summary>The field of an assistant's message with what it thought, <see cref="ChatTurn.Reasoning"/>; it need not be there. Null for none. Default:
    /// reasoning_content.</summary>
    public string? Reasoning { get; init; } = "reasoning_content";

    /// <summary>
    /// Whether tools are read: the record's "tools" as <see cref="ChatExample.Tools"/>, a message's "tool_calls" as <see cref="ChatTurn.ToolCalls"/>, and
    /// "tool_call_id" and "name" of a message with the role "tool" (see <see cref="Roles"/>). With calls a message needs no text. Each answer of a tool must
    /// follow its call; with <see cref="RequiresAlternation"/> each call must be answered before something else is said, unless the calls end the conversation. Calls
    /// without an id, which most templates do not write, are given one, and answers without one are theirs in order. Lists and objects of tools and calls may
    /// stand as JSON text ("tools": "[…]"), as data sets have them whose columns are of one type, and functions without the wrapping "function" (see <see cref="ChatTool.ParseList(string)"/>). Default: false, calls are refused.
    /// </summary>
    public bool ReadsTools { get; init; }

    /// <summary>What each role is called in the data: to "system", "user", "assistant" or, where tools are read, "tool". Default: the first three names, and developer for system.</summary>
    public IReadOnlyDictionary<string, string> Roles { get; init; } = Usual;

    /// <summary>
    /// Whether user and assistant must take turns, beginning with the user and ending with the assistant. Default: true. With false any order passes, system turns
    /// in the midst included, as long as there is an answer to learn, and the chat format decides.
    /// </summary>
    public bool RequiresAlternation { get; init; } = true;

    /// <summary>What becomes of a conversation that is not as it should be. Default: it is a bad record.</summary>
    public ConversationFaults Faults { get; init; }

    /// <summary>Fields of the record that offer tools in a form that is not read: with something in them the record is refused.</summary>
    internal IReadOnlyList<string> RefusedTools { get; init; } = [];

    /// <summary>All that decides what is made of a record.</summary>
    internal IEnumerable<string?> Settings() =>
    [
        Messages, Role, Content, System, Weight, Reasoning, RequiresAlternation ? "alternation" : "any order", Faults.ToString(),
        .. Roles.OrderBy(role => role.Key, StringComparer.Ordinal).SelectMany(role => new[] { role.Key, role.Value }), null, .. RefusedTools, ReadsTools ? "tools" : null,
    ];

    internal IEnumerable<string> FaultsOfSettings()
    {
        foreach ((string name, string? value) in new[] { (nameof(Name), Name), (nameof(Messages), Messages), (nameof(Role), Role), (nameof(Content), Content) })
        {
            if (string.IsNullOrEmpty(value)) yield return $"{name} is empty";
        }

        if (System is "" || Weight is "" || Reasoning is "") yield return "System, Weight or Reasoning is empty; null stands for none";
        if (!Enum.IsDefined(Faults)) yield return $"Faults is {Faults}";
        if (Roles is null)
        {
            yield return "Roles is null";
            yield break;
        }

        foreach ((string called, string role) in Roles)
        {
            if (role is not (ChatTurn.SystemRole or ChatTurn.UserRole or ChatTurn.AssistantRole) && !(ReadsTools && role == ChatTurn.ToolRole))
                yield return $"Roles has \"{called}\" as \"{role}\", expected \"system\", \"user\" or \"assistant\"{(ReadsTools ? ", or \"tool\"" : "")}";
        }

        if (!Roles.Values.Contains(ChatTurn.AssistantRole)) yield return "Roles has no name for \"assistant\"";
    }

    private static FrozenDictionary<string, string> Names(params (string Role, string[] Names)[] roles) =>
        roles.SelectMany(role => role.Names.Select(name => (name, role.Role))).ToFrozenDictionary(pair => pair.name, pair => pair.Role, StringComparer.Ordinal);
}
