using LongContext.Data.Reading;

namespace LongContext.Data.Examples;

/// <summary>See <see cref="ColumnMap.Auto"/>. Nothing is remembered from one record to the next, so that a run gone on with maps as the unbroken one.</summary>
internal sealed class AutoMap(ConversationFaults faults) : ColumnMap
{
    public override string Name => "Auto";

    public override string Identity => faults == ConversationFaults.Refuse ? Name : $"{Name}, {faults}";

    public override TrainingExample? Map(DataRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return ColumnDetection.Find(record.Fields, faults).Map(record);
    }
}
