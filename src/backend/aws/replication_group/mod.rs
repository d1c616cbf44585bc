mod changes; mod convert; mod observe; mod steps;
