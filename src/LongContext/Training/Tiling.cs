using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Training;

/// <summary>Sizes of tiles where nobody asked for others.</summary>
internal static class Tiling
{
    /// <summary>Tokens of a tile on a GPU: enough that matrix products run at their full rate.</summary>
    public const int DeviceTokens = 8192;

    /// <summary>Tokens of a tile on the CPU.</summary>
    public const int HostTokens = 2048;

    /// <summary>Up to so many tokens a forward that keeps nothing has the queries, keys and values of all heads at once; beyond, of one key head's group at a time, which costs it nothing.</summary>
    public const int TokensOfAllHeads = 32_768;

    /// <summary>Tokens of a tile on a device.</summary>
    public static int TokensOn(Device device) => device.type == DeviceType.CPU ? HostTokens : DeviceTokens;
}
