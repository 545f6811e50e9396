using System.Text.Json.Nodes;

namespace LongContext.Data.Examples;

/// <summary>Which map fits a record. The order matters: a conversation may have a "text" beside it, an instruction its finished "prompt".</summary>
internal static class ColumnDetection
{
    private static readonly string[] ConversationFields = ["messages", "conversations", "conversation"];
    private static readonly Dictionary<ConversationFaults, (ChatColumns Columns, ColumnMap Map)[]> Conversations = Enum.GetValues<ConversationFaults>().ToDictionary(
        faults => faults,
        faults => ((ChatColumns Columns, ColumnMap Map)[])
            [.. from field in ConversationFields
                from columns in new[] { ChatColumns.OpenAI, ChatColumns.LongAlign, ChatColumns.ShareGpt }
                let named = columns with { Messages = field, Faults = faults }
                select (named, ColumnMap.Chat(named))]);

    private static readonly AlpacaColumns[] Instructions = [new(), new() { Name = "Dolly", Input = "context", Output = "response" }, new() { Output = "response" }];
    private static readonly ColumnMap[] InstructionMaps = [.. Instructions.Select(ColumnMap.Instruction)];
    private static readonly (string Prompt, string Completion, ColumnMap Map)[] Prompts =
        [.. new[] { "completion", "response" }.Select(completion => ("prompt", completion, ColumnMap.PromptCompletion("prompt", completion)))];

    private static readonly (string Field, ColumnMap Map)[] Texts = [.. new[] { "text", "content" }.Select(field => (field, ColumnMap.Text(field)))];

    public static ColumnMap Find(JsonObject fields, ConversationFaults faults)
    {
        return TryConversation(fields, faults) ?? TryInstruction(fields)
            ?? Prompts.FirstOrDefault(pair => IsTextOrList(fields, pair.Prompt) && IsTextOrList(fields, pair.Completion)).Map
            ?? Texts.FirstOrDefault(text => IsText(fields, text.Field)).Map
            ?? throw new DataFormatException(
                "no ready map fits: expected \"messages\" or \"conversations\" (of role and content, or from and value), \"instruction\" and \"output\", " +
                $"\"prompt\" and \"completion\", or \"text\"; found {RecordFields.Names(fields)}. Say what they are with {nameof(ColumnMap)}.{nameof(ColumnMap.Text)}, " +
                $"{nameof(ColumnMap.PromptCompletion)}, {nameof(ColumnMap.Instruction)}, {nameof(ColumnMap.Chat)} or {nameof(ColumnMap.Custom)}.");
    }

    private static ColumnMap? TryConversation(JsonObject fields, ConversationFaults faults)
    {
        foreach ((ChatColumns columns, ColumnMap map) in Conversations[faults])
        {
            if (!fields.TryGetPropertyValue(columns.Messages, out JsonNode? value) || value is not JsonArray messages) continue;
            // LongAlign-10k is told from the rest by its length; the two read alike but for tools.
            if (columns.Name == ChatColumns.OpenAI.Name && fields["length"] is JsonValue) continue;
            if (messages.FirstOrDefault() is JsonObject first && first.ContainsKey(columns.Role) && (first.ContainsKey(columns.Content) || columns.ReadsTools)) return map;
        }

        return null;
    }

    private static ColumnMap? TryInstruction(JsonObject fields)
    {
        for (int i = 0; i < Instructions.Length; i++)
        {
            AlpacaColumns columns = Instructions[i];
            bool inputFits = columns.Name != "Dolly" || fields.ContainsKey(columns.Input);
            if (inputFits && IsText(fields, columns.Instruction) && IsText(fields, columns.Output)) return InstructionMaps[i];
        }

        return null;
    }

    private static bool IsText(JsonObject fields, string name) =>
        fields.TryGetPropertyValue(name, out JsonNode? value) && value?.GetValueKind() == System.Text.Json.JsonValueKind.String;

    private static bool IsTextOrList(JsonObject fields, string name) => IsText(fields, name) || (fields.TryGetPropertyValue(name, out JsonNode? value) && value is JsonArray);
}
