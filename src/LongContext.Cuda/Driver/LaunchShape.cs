namespace LongContext.Cuda.Driver;

/// <summary>How many blocks of how many threads a launch has.</summary>
/// <param name="GridX">Blocks along x; 0 in any direction launches nothing.</param>
/// <param name="GridY">Blocks along y, at most 65,535.</param>
/// <param name="GridZ">Blocks along z, at most 65,535.</param>
/// <param name="BlockX">Threads of a block.</param>
/// <param name="SharedBytes">Dynamic shared memory of a block.</param>
public readonly record struct LaunchShape(int GridX, int GridY, int GridZ, int BlockX, int SharedBytes)
{
    /// <summary>A grid of one dimension without dynamic shared memory.</summary>
    /// <param name="gridX">Blocks.</param>
    /// <param name="blockX">Threads of a block.</param>
    public LaunchShape(int gridX, int blockX)
        : this(gridX, 1, 1, blockX, 0)
    {
    }

    /// <summary>Whether there is no block to run.</summary>
    public bool IsEmpty => GridX == 0 || GridY == 0 || GridZ == 0;
}
