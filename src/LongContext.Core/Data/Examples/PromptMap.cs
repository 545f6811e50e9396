using System.Text.Json.Nodes;
using LongContext.Chat;
using LongContext.Data.Reading;

namespace LongContext.Data.Examples;

/// <summary>See <see cref="ColumnMap.PromptCompletion"/>.</summary>
internal sealed class PromptMap : ColumnMap
{
    private readonly string prompt;
    private readonly string completion;
    private readonly MessageReader messages = new(ChatColumns.OpenAI);

    public PromptMap(string prompt, string completion)
    {
        ArgumentException.ThrowIfNullOrEmpty(prompt);
        ArgumentException.ThrowIfNullOrEmpty(completion);
        this.prompt = prompt;
        this.completion = completion;
        Name = $"PromptCompletion({prompt}, {completion})";
    }

    public override string Name { get; }

    public override TrainingExample Map(DataRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        JsonNode? asked = RecordFields.Find(record.Fields, prompt, "a string or a list of messages");
        JsonNode? answered = RecordFields.Find(record.Fields, completion, "a string or a list of messages");
        if (asked is JsonArray || answered is JsonArray) return MapMessages(record, asked, answered);
        return new PromptExample(RecordFields.Text(asked, $"the field \"{prompt}\""), RecordFields.RequireText(record.Fields, completion)) { Origin = record.Origin };
    }

    private ChatExample MapMessages(DataRecord record, JsonNode? asked, JsonNode? answered)
    {
        try
        {
            return new ChatExample(ReadTurns(asked, answered)) { Origin = record.Origin, Tools = ToolReader.ReadTools(record.Fields) };
        }
        catch (ConversationException fault)
        {
            throw new DataFormatException(fault.Message + ".", fault);
        }
    }

    private List<ChatTurn> ReadTurns(JsonNode? asked, JsonNode? answered)
    {
        List<ChatTurn> turns = [.. messages.Read(asked, prompt).Select(turn => turn.IsAssistant ? turn with { CountsInLoss = false } : turn)];
        turns.AddRange(messages.Read(answered, completion));
        if (ConversationOrder.FindFault(turns, requiresAlternation: true) is { } fault)
            throw new ConversationException($"the messages of \"{prompt}\" and \"{completion}\": {fault}");
        return turns;
    }
}
