using LongContext.Data.Reading;

namespace LongContext.Data.Examples;

/// <summary>See <see cref="ColumnMap.Text"/>.</summary>
internal sealed class TextMap : ColumnMap
{
    private readonly string field;

    public TextMap(string field)
    {
        ArgumentException.ThrowIfNullOrEmpty(field);
        this.field = field;
        Name = $"Text({field})";
    }

    public override string Name { get; }

    public override TrainingExample Map(DataRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return new TextExample(RecordFields.RequireText(record.Fields, field)) { Origin = record.Origin };
    }
}
