using LongContext.Data.Reading;

namespace LongContext.Data.Examples;

/// <summary>See <see cref="ColumnMap.Custom"/>.</summary>
internal sealed class CustomMap : ColumnMap
{
    private readonly Func<DataRecord, TrainingExample?> map;

    public CustomMap(Func<DataRecord, TrainingExample?> map, string name)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentException.ThrowIfNullOrEmpty(name);
        this.map = map;
        Name = name;
    }

    public override string Name { get; }

    public override TrainingExample? Map(DataRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        TrainingExample? example = map(record);
        return example is { Origin: null } ? example with { Origin = record.Origin } : example;
    }
}
