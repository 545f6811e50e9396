using System.Numerics;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Linear;

/// <summary>How a product is dealt out. The parts that are summed apart follow from shapes and GPU, never from the number of rows, whose results therefore keep their bits.</summary>
/// <param name="Tiles">Tiles of 16 outputs; of a gated unit, of 8 of each matrix.</param>
/// <param name="StepsOfPart">Steps of a part.</param>
/// <param name="Parts">Parts that the inputs are cut into: a power of two.</param>
/// <param name="WarpParts">Parts that a block's warps take of a tile; the block's other warps take other tiles, and find the same inputs of x in the first-level cache.</param>
internal readonly record struct LinearPlan(int Tiles, int StepsOfPart, int Parts, int WarpParts)
{
    /// <summary>Warps of a block, as in the kernel.</summary>
    public const int Warps = 8;

    /// <summary>Bytes of a row's codes that a step takes, as in the kernel.</summary>
    private const int StepBytes = 64;

    /// <summary>A part is this many steps at least, so that a warp's ring of six is worth filling.</summary>
    private const int FewestSteps = 8;

    /// <summary>Most sums that the second launch joins, as in the kernel.</summary>
    private const int MostParts = 32;

    /// <summary>Warps of a multiprocessor that are wanted at least: each has 5 KB in flight, and 18 KB are what the bandwidth needs.</summary>
    private const int WarpsWanted = 12;

    /// <summary>Blocks that share a tile's inputs.</summary>
    public int Splits => Parts / WarpParts;

    /// <summary>Blocks of the first launch along x.</summary>
    public int TileBlocks => Grids.Ceiling(Tiles, Warps / WarpParts);

    /// <summary>Bytes of the sums that blocks leave for the second launch.</summary>
    public long WorkspaceBytes(int rows) => Splits == 1 ? 0 : (long)Splits * rows * Tiles * 16 * sizeof(float);

    /// <summary>A plan.</summary>
    public static LinearPlan Of(in LinearArguments arguments, GpuArchitecture architecture)
    {
        int tiles = TilesOf(arguments), inputsOfByte = arguments.First.Weight.Format switch
        {
            LinearFormat.Int4 or LinearFormat.Nf4 => 2,
            _ => 1,
        };
        int inputsOfStep = arguments.First.Weight.Format == LinearFormat.Plain ? StepBytes / 2 : StepBytes * inputsOfByte;
        int steps = Math.Max(1, Grids.Ceiling(arguments.First.Weight.Inputs, inputsOfStep));
        int parts = 1;
        while (parts < MostParts && (long)tiles * parts < (long)WarpsWanted * architecture.MultiprocessorCount && steps >= 2 * parts * FewestSteps) parts *= 2;
        // Tiles of a block, so that it asks the second-level cache for at most half as many bytes of x as of weights where it can.
        double weightBytes = 16.0 * StepBytes / inputsOfStep, inputBytes = 2.0 * arguments.Rows;
        int tilesOfBlock = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp((int)Math.Ceiling(inputBytes / (weightBytes / 2)), 1, Warps));
        return new LinearPlan(tiles, Grids.Ceiling(steps, parts), parts, Math.Min(parts, Warps / tilesOfBlock));
    }

    /// <summary>The first tile of the second and the third matrix; the greatest number where there is none.</summary>
    public static (int Second, int Third) FirstTiles(in LinearArguments arguments)
    {
        int second = Grids.Ceiling(arguments.First.Weight.Outputs, 16), third = second + Grids.Ceiling(arguments.Second.Weight.Outputs, 16);
        return (arguments.Second.Weight.Exists ? second : int.MaxValue, arguments.Third.Weight.Exists ? third : int.MaxValue);
    }

    private static int TilesOf(in LinearArguments arguments) => arguments.Activation is not null
        ? Grids.Ceiling(arguments.First.Weight.Outputs, 8)
        : Grids.Ceiling(arguments.First.Weight.Outputs, 16) + Grids.Ceiling(arguments.Second.Weight.Outputs, 16) + Grids.Ceiling(arguments.Third.Weight.Outputs, 16);
}
