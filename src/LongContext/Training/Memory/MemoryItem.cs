namespace LongContext.Training.Memory;

/// <summary>A part of a run's memory.</summary>
/// <param name="Name">What it is.</param>
/// <param name="DeviceBytes">Bytes on the device.</param>
/// <param name="HostBytes">Bytes in the host's memory, where the device is a GPU.</param>
public sealed record MemoryItem(string Name, long DeviceBytes, long HostBytes);
