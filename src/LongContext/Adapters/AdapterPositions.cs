namespace LongContext.Adapters;

/// <summary>What <see cref="LoraAdapter.Load"/> does where config.json beside an adapter has other positions, or another window, than the model.</summary>
public enum AdapterPositions
{
    /// <summary>Refuses the adapter: under other positions than it was trained for it makes a model worse without a word.</summary>
    MustMatch,

    /// <summary>Gives the model the adapter's positions and window, as <see cref="Models.CausalLanguageModel.SetRopeScaling"/> does. They stay when the adapter is taken off.</summary>
    Apply,

    /// <summary>Leaves the model as it is and looks at no config.json.</summary>
    KeepModel,
}
