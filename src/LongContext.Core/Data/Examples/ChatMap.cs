using System.Text.Json.Nodes;
using LongContext.Chat;
using LongContext.Data.Reading;
using LongContext.Data.Writing;

namespace LongContext.Data.Examples;

/// <summary>See <see cref="ColumnMap.Chat"/>.</summary>
internal sealed class ChatMap : ColumnMap
{
    private readonly ChatColumns columns;
    private readonly MessageReader reader;

    public ChatMap(ChatColumns columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        SettingsFaults.Throw(nameof(ChatColumns), columns.FaultsOfSettings(), nameof(columns));
        this.columns = columns;
        reader = new MessageReader(columns);
    }

    public override string Name => columns.Name;

    public override string Identity => MapIdentity.Of(columns.Name, columns.Settings());

    public override TrainingExample? Map(DataRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        JsonNode? messages = RecordFields.Find(record.Fields, columns.Messages, "a list of messages");
        try
        {
            return new ChatExample(ReadTurns(record.Fields, messages)) { Origin = record.Origin, Tools = columns.ReadsTools ? ToolReader.ReadTools(record.Fields) : [] };
        }
        catch (ConversationException fault)
        {
            return columns.Faults == ConversationFaults.Refuse ? throw new DataFormatException(fault.Message + ".", fault) : null;
        }
    }

    private List<ChatTurn> ReadTurns(JsonObject fields, JsonNode? messages)
    {
        if (columns.RefusedTools.FirstOrDefault(tools => fields.TryGetPropertyValue(tools, out JsonNode? value) && MessageReader.HoldsSomething(value)) is { } offered)
            throw new ConversationException($"the field \"{offered}\" offers tools, which are not read; expected \"{ExampleFields.Tools}\"");
        List<ChatTurn> turns = reader.Read(messages, columns.Messages);
        if (columns.System is { } name && RecordFields.OptionalText(fields, name) is var system && !string.IsNullOrWhiteSpace(system))
        {
            if (turns is not [{ IsSystem: true } opening, ..]) turns.Insert(0, ChatTurn.System(system));
            else if (opening.Content != system) throw new ConversationException($"there is a system prompt in \"{name}\" and another one in \"{columns.Messages}\", expected one");
        }

        if (columns.Faults == ConversationFaults.Mend && columns.RequiresAlternation) turns = ConversationOrder.Mend(turns);
        return ConversationOrder.FindFault(turns, columns.RequiresAlternation) is { } fault ? throw new ConversationException($"\"{columns.Messages}\": {fault}") : turns;
    }
}
