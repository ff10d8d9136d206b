// What only Firefox has, beside the types of Chromium's API: containers.
declare namespace chrome {
  namespace contextualIdentities {
    interface ContextualIdentity {
      readonly cookieStoreId: string;
      readonly name: string;
      readonly color: string;
      readonly icon: string;
    }
    interface Details {
      name: string;
      color: string;
      icon: string;
    }
    function query(details: { name?: string }): Promise<ContextualIdentity[]>;
    function create(details: Details): Promise<ContextualIdentity>;
    function update(cookieStoreId: string, details: Partial<Details>): Promise<ContextualIdentity>;
    function remove(cookieStoreId: string): Promise<ContextualIdentity>;
  }
  namespace commands {
    /** Firefox's page of extension shortcuts; Chromium has an address for its own. */
    function openShortcutSettings(): Promise<void>;
  }
  namespace tabs {
    interface Tab {
      /** The container that the tab is in; only in Firefox. */
      cookieStoreId?: string;
    }
    interface CreateProperties {
      cookieStoreId?: string;
    }
  }
  namespace windows {
    interface CreateData {
      cookieStoreId?: string;
    }
  }
}
