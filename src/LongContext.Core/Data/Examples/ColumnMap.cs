using LongContext.Data.Reading;

namespace LongContext.Data.Examples;

/// <summary>
/// What a record of a data file is as a training example: which of its fields are text, prompt, answer or conversation. Ready ones for
/// the forms that published data sets have; derive from it, or use <see cref="Custom"/>, for others.
/// </summary>
/// <remarks>
/// A map is immutable and may be used by several threads. Field names may be paths into nested objects ("data.text"); a field of that very name
/// comes first. A text that is empty or white space alone counts as missing.
/// </remarks>
public abstract class ColumnMap
{
    /// <summary>Whether a record is a conversation, an instruction, a prompt with its completion or a text is found out for each record.</summary>
    /// <remarks>See <see cref="Detect"/> for the forms that are known.</remarks>
    public static ColumnMap Auto { get; } = new AutoMap(ConversationFaults.Refuse);

    /// <summary>LongAlign-10k: "messages" of "role" and "content" (its "length" is not needed).</summary>
    public static ColumnMap LongAlign { get; } = Chat(ChatColumns.LongAlign);

    /// <summary>
    /// OpenAI's fine-tuning form: "messages" of "role" and "content", a string or a list of text parts; an answer of "weight" 0 is read but not
    /// learned. Tools, their calls and answers are read; images are refused.
    /// </summary>
    public static ColumnMap OpenAIChat { get; } = Chat(ChatColumns.OpenAI);

    /// <summary>ShareGPT: "conversations" of "from" (human, gpt, system, and the names in the wild that <see cref="ChatColumns.ShareGpt"/> lists) and "value".</summary>
    public static ColumnMap ShareGpt { get; } = Chat(ChatColumns.ShareGpt);

    /// <summary>Stanford Alpaca: "instruction", "input" (may be empty) and "output", in the texts that Alpaca was trained with.</summary>
    public static ColumnMap Alpaca { get; } = Instruction(new AlpacaColumns());

    /// <summary>
    /// What <see cref="Writing.JsonLinesExtensions.WriteJsonLines"/> wrote, examples of all forms with their properties: the same examples but for the origin,
    /// which is the line read.
    /// </summary>
    public static ColumnMap Written { get; } = new WrittenMap();

    /// <summary>A short name, for people.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// Names what the map does, with all its settings: two maps of the same identity make the same of the same record. Part of the states and
    /// caches of what it makes. Default: the name; a map of your own with settings says them here.
    /// </summary>
    public virtual string Identity => Name;

    /// <summary>The example of a record.</summary>
    /// <param name="record">The record; it is not changed.</param>
    /// <returns>The example, with the record's <see cref="DataRecord.Origin"/>; null for a record that is to be left out, which its reader counts.</returns>
    /// <exception cref="FormatException">A field is missing or is not what is expected; the message names it, what was found and what was expected.</exception>
    public abstract TrainingExample? Map(DataRecord record);

    /// <summary>As <see cref="Auto"/>, with conversations out of order mended or left out rather than refused.</summary>
    /// <param name="faults">What becomes of a conversation that is not as it should be.</param>
    /// <exception cref="ArgumentOutOfRangeException">No value of the enumeration.</exception>
    public static ColumnMap Detecting(ConversationFaults faults) => faults switch
    {
        ConversationFaults.Refuse => Auto,
        ConversationFaults.LeaveOut or ConversationFaults.Mend => new AutoMap(faults),
        _ => throw new ArgumentOutOfRangeException(nameof(faults), faults, $"Expected one of {string.Join(", ", Enum.GetNames<ConversationFaults>())}."),
    };

    /// <summary>Conversations with other names than usual, or with other rules about what is refused.</summary>
    /// <param name="columns">The names; <see cref="ChatColumns.LongAlign"/>, <see cref="ChatColumns.OpenAI"/> and <see cref="ChatColumns.ShareGpt"/> are to start from.</param>
    /// <exception cref="ArgumentException">Settings cannot be used; the message lists all that cannot.</exception>
    public static ColumnMap Chat(ChatColumns columns) => new ChatMap(columns);

    /// <summary>Instructions in Alpaca's form with other names or prompts, or as conversations.</summary>
    /// <param name="columns">The names.</param>
    /// <exception cref="ArgumentException">Settings cannot be used; the message lists all that cannot.</exception>
    public static ColumnMap Instruction(AlpacaColumns columns) => new AlpacaMap(columns);

    /// <summary>
    /// A prompt, which may be empty, and its completion. Both may be lists of messages instead ("role" and "content"), as TRL has them: the
    /// prompt's answers are then read but not learned.
    /// </summary>
    /// <param name="prompt">The prompt's field. Default: prompt.</param>
    /// <param name="completion">The completion's field. Default: completion.</param>
    /// <exception cref="ArgumentException">A name is empty.</exception>
    public static ColumnMap PromptCompletion(string prompt = "prompt", string completion = "completion") => new PromptMap(prompt, completion);

    /// <summary>A text, of which every token counts.</summary>
    /// <param name="field">Its field. Default: text.</param>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public static ColumnMap Text(string field = "text") => new TextMap(field);

    /// <summary>What a function makes of each record.</summary>
    /// <param name="map">
    /// Gives the example, or null for a record that is to be left out. It must depend on the record alone, or a run that is stopped and gone on
    /// with would see other data. A <see cref="FormatException"/> from it is a bad record.
    /// </param>
    /// <param name="name">A short name, for people; it is the map's identity too, so put the settings of the function into it. Default: custom.</param>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public static ColumnMap Custom(Func<DataRecord, TrainingExample?> map, string name = "custom") => new CustomMap(map, name);

    /// <summary>
    /// This map, with fields of the record kept as the example's <see cref="TrainingExample.Properties"/>: a source or a task, to mix, filter and report by.
    /// </summary>
    /// <param name="fields">
    /// Names of fields, or paths into objects; each is the property's name too. A text is kept as it is, all else as JSON. A field that is missing or null gives no
    /// property; one that the map itself makes of that name gives way.
    /// </param>
    /// <exception cref="ArgumentException">There is no name, one is empty, or one comes twice.</exception>
    public ColumnMap WithProperties(params IReadOnlyList<string> fields) => new PropertiesMap(this, fields);

    /// <summary>Finds the ready map that fits a record.</summary>
    /// <param name="record">A record, the first of a file for example.</param>
    /// <returns>
    /// A map for: "messages", "conversations" or "conversation" of role and content or of from and value; "instruction" with "output" or "response"
    /// (its "input" or "context" with it); "prompt" with "completion" or "response"; "text"; "content".
    /// </returns>
    /// <exception cref="FormatException">None fits; the message lists the fields that the record has.</exception>
    public static ColumnMap Detect(DataRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return ColumnDetection.Find(record.Fields, ConversationFaults.Refuse);
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
