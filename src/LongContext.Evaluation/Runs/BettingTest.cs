namespace LongContext.Evaluation.Runs;

/// <summary>
/// Says whether the mean of scores in [0, 1] is above or below a threshold, and may be asked after every score: the chance that it is ever wrong stays below what was asked for.
/// </summary>
/// <remarks>
/// Testing by betting (Waudby-Smith and Ramdas 2023, "Estimating means of bounded random variables by betting"): if the mean is at most m, the capital Π(1 + λ(x − m)) is expected not
/// to grow for any stake λ in [0, 1/m), so by Ville's inequality it ever reaches 1/α with a chance of at most α. Nobody knows the best stake; the capital here is spread evenly over a
/// grid of stakes, which keeps that property. Nothing about the scores' distribution is assumed but that they are independent. With 0.856 and α = 0.005 it takes about 45 right answers
/// in a row to be above, and 3 to 4 wrong ones to be below.
/// </remarks>
internal sealed class BettingTest(double threshold, double alpha)
{
    private const int Stakes = 24;

    // All of it is never staked, or one score could end the game.
    private const double LargestShare = 0.98;

    private readonly double[] above = new double[Stakes], below = new double[Stakes]; // logarithms of capital
    private bool isAbove, isBelow;

    /// <summary>The verdict; it stays once it is there. Where both sides are won, which is due to chance or to scores that depend on each other, none is given.</summary>
    public LengthVerdict Verdict => isAbove == isBelow ? LengthVerdict.Undecided : isAbove ? LengthVerdict.Above : LengthVerdict.Below;

    public void Add(double score) => Add(score, score);

    /// <summary>Adds a score that is only known to lie between two: each side is given what speaks against it, so that what it says holds whatever the score is.</summary>
    public void Add(double least, double most)
    {
        for (int i = 0; i < Stakes; i++)
        {
            double share = LargestShare * (i + 1) / Stakes;
            above[i] += Math.Log(1 + (share / threshold * (least - threshold)));
            below[i] += Math.Log(1 + (share / (1 - threshold) * (threshold - most)));
        }

        isAbove |= IsWon(above);
        isBelow |= IsWon(below);
    }

    private bool IsWon(double[] logarithms)
    {
        double largest = logarithms.Max();
        return largest + Math.Log(logarithms.Sum(each => Math.Exp(each - largest)) / Stakes) >= -Math.Log(alpha);
    }
}
