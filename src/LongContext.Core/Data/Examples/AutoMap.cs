using LongContext.Data.Reading;

namespace LongContext.Data.Examples;

/// <summary>See <see cref="ColumnMap.Auto"/>. Nothing is remembered from one record to the next, so that a run gone on with maps as the unbroken one.</summary>
internal sealed class AutoMap : ColumnMap
{
    public override string Name => "Auto";

    public override TrainingExample? Map(DataRecord record) => Detect(record).Map(record);
}
